/** Writes the messages of JSON lines, with a verdict for each line. */
import { isUtf8 } from 'node:buffer';
import type { Codec } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Fault } from '#contracts/fault.ts';
import type { SafeProducer } from '#platform/kafka/producer.ts';
import { CATALOG, qualifiedTopic, type TopicName } from '#topics/catalog.ts';
import { byteLines, MAX_LINE_BYTES } from './byte-lines.ts';
import { type LineMessage, messageOfLine } from './message-of-line.ts';

export type ProducedLine =
  | {
      readonly line: number;
      readonly status: 'written';
      readonly topic: TopicName;
      readonly partition: number;
      readonly offset: number;
    }
  | { readonly line: number; readonly status: 'valid'; readonly topic: TopicName }
  | { readonly line: number; readonly status: 'rejected'; readonly error: Fault };

/** Lines that wait for the brokers at once. Each partition keeps its order. */
const IN_FLIGHT = 1_000;

/**
 * Reads lines until their end and reports each in its order. Lines before a rejected one are written, and so are those behind it.
 * @param producer undefined checks the lines and writes nothing
 * @throws TributaryError `kafka.unacknowledged`, after which the lines that were not reported may or may not be in the log
 */
export async function produceLines(options: {
  readonly source: AsyncIterable<Buffer>;
  readonly topic: TopicName | undefined;
  readonly codec: Codec;
  readonly namespace: string;
  readonly producer: Pick<SafeProducer, 'send'> | undefined;
  readonly now: () => number;
  readonly report: (line: ProducedLine) => Promise<void> | void;
}): Promise<{ written: number; rejected: number }> {
  const { source, codec, namespace, producer, report } = options;
  const counts = { written: 0, rejected: 0 };
  let waiting: Array<Promise<ProducedLine>> = [];
  const settle = async (): Promise<void> => {
    for (const produced of await Promise.all(waiting)) {
      counts[produced.status === 'rejected' ? 'rejected' : 'written'] += 1;
      await report(produced);
    }
    waiting = [];
  };

  async function write(line: number, message: LineMessage): Promise<ProducedLine> {
    const { topic, key, value, headers, timestamp } = message;
    try {
      const encoded = value === null ? null : codec.encode(CATALOG[topic].schema, value as never);
      if (producer === undefined) return { line, status: 'valid', topic };
      const sent = await producer.send(qualifiedTopic(namespace, topic), {
        key,
        value: encoded,
        headers,
        ...(timestamp !== undefined && { timestamp }),
      });
      return { line, status: 'written', topic, partition: sent.partition, offset: sent.offset };
    } catch (error) {
      if (!(error instanceof TributaryError) || error.retryable) throw error;
      return {
        line,
        status: 'rejected',
        error: { code: error.code, field: error.field ?? '', reason: error.message },
      };
    }
  }

  let line = 0;
  for await (const bytes of byteLines(source)) {
    line += 1;
    const verdict = judge(bytes, line, options);
    if (verdict === undefined) continue;
    waiting.push(
      'fault' in verdict
        ? Promise.resolve({ line, status: 'rejected', error: verdict.fault })
        : write(line, verdict.message),
    );
    if (waiting.length >= IN_FLIGHT) await settle();
  }
  await settle();
  return counts;
}

/** Undefined for an empty line. */
function judge(
  bytes: Buffer,
  line: number,
  { topic, now }: { topic: TopicName | undefined; now: () => number },
) {
  const malformed = (reason: string) => ({ fault: { code: 'body.malformed', field: '', reason } as const });
  if (bytes.length > MAX_LINE_BYTES) return malformed(`the line has more than ${MAX_LINE_BYTES} bytes`);
  if (!isUtf8(bytes)) return malformed('the line is not UTF-8');
  const text = bytes.toString('utf8');
  const plain = (line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text).trim();
  return plain === '' ? undefined : messageOfLine(plain, topic, now());
}
