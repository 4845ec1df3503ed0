/** Dead letters by kind: how many of each there are, the smallest example, and how to send them back. */
import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import { ERROR_REMEDIES, type ErrorCode } from '#contracts/errors.ts';
import type { DeadLetter } from '#contracts/generated/records.ts';
import { qualifiedTopic } from './catalog.ts';
import { formatBytes, formatKey, formatTime, printable } from './format.ts';
import type { Position } from './positions.ts';
import { readTopic } from './reader.ts';
import { renderTable } from './table.ts';

/** Letters of one topic that one stage rejected for one reason. */
export interface DeadLetterKind {
  readonly topic: string;
  readonly code: string;
  readonly stage: string;
  readonly count: number;
  /** Those that hold only the beginning of their message, and so cannot be requeued. */
  readonly cut: number;
  /** When the first and the last one were rejected, in milliseconds since the epoch. */
  readonly first: number;
  readonly last: number;
  /** The letter with the fewest bytes. */
  readonly smallest: PlacedLetter;
}

export interface PlacedLetter {
  readonly partition: number;
  readonly offset: number;
  readonly letter: DeadLetter;
}

/** Returns the kinds of the letters, the most frequent first. */
export function kindsOf(letters: Iterable<PlacedLetter>): DeadLetterKind[] {
  const kinds = new Map<string, DeadLetterKind>();
  for (const placed of letters) {
    const { sourceTopic: topic, code, stage, failedAt, messageBytes } = placed.letter;
    const name = JSON.stringify([topic, code, stage]);
    const known = kinds.get(name);
    const cut = messageBytes === null ? 0 : 1;
    kinds.set(
      name,
      known === undefined
        ? { topic, code, stage, count: 1, cut, first: failedAt, last: failedAt, smallest: placed }
        : {
            ...known,
            count: known.count + 1,
            cut: known.cut + cut,
            first: Math.min(known.first, failedAt),
            last: Math.max(known.last, failedAt),
            smallest: bytesOf(placed) < bytesOf(known.smallest) ? placed : known.smallest,
          },
    );
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count || b.last - a.last);
}

function bytesOf({ letter: { messageBytes, key, value } }: PlacedLetter): number {
  return messageBytes ?? (key?.length ?? 0) + (value?.length ?? 0);
}

/** @throws the errors of `readTopic`, and DecodeError for a malformed letter */
export async function readDeadLetterKinds(options: {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  readonly from: Position;
  readonly signal: AbortSignal;
}): Promise<DeadLetterKind[]> {
  const letters: PlacedLetter[] = [];
  await readTopic({
    ...options,
    topic: qualifiedTopic(options.namespace, 'dead-letters'),
    onMessage: async ({ partition, offset, value }) => {
      if (value === null) return;
      letters.push({ partition, offset, letter: await options.codec.decode('DeadLetter', value) });
    },
  });
  return kindsOf(letters);
}

export function renderKinds(kinds: readonly DeadLetterKind[]): string {
  if (kinds.length === 0) return 'There are no dead letters.';
  const table = renderTable(kinds, [
    { title: 'COUNT', value: ({ count }) => count },
    { title: 'TOPIC', value: ({ topic }) => printable(topic) },
    { title: 'CODE', value: ({ code }) => printable(code) },
    { title: 'REJECTED BY', value: ({ stage }) => printable(stage) },
    { title: 'FIRST', value: ({ first }) => formatTime(first) },
    { title: 'LAST', value: ({ last }) => formatTime(last) },
  ]);
  return [table, ...kinds.map(describeKind)].join('\n\n');
}

function describeKind({ topic, code, stage, count, cut, smallest }: DeadLetterKind): string {
  const { partition, offset, letter } = smallest;
  const bytes = letter.value === null ? 'a tombstone' : formatBytes(letter.value, { full: false });
  const remedy = remedyOf(code);
  return [
    `${printable(code)} in ${printable(topic)}: ${printable(letter.reason)}`,
    `  smallest  dead-letters ${partition}:${offset}, key ${formatKey(letter.key)}, ${bytes}`,
    ...(remedy === undefined ? [] : [`  remedy    ${remedy}`]),
    ...(cut === 0 ? [] : [`  cut       ${cut} of ${count} hold only the beginning of their message`]),
    ...(cut === count
      ? []
      : [`  requeue   npm run topics -- requeue --topic ${topic} --code ${code} --stage ${stage}`]),
  ].join('\n');
}

/** Returns one kind as an object for JSON. */
export function kindToJson({ smallest, ...kind }: DeadLetterKind): object {
  const { letter, ...place } = smallest;
  const remedy = remedyOf(kind.code);
  return {
    ...kind,
    ...(remedy === undefined ? {} : { remedy }),
    smallest: {
      ...place,
      key: letter.key === null ? null : formatKey(letter.key),
      value: letter.value?.toString('base64') ?? null,
      reason: letter.reason,
    },
  };
}

/** Another version may have written the letter, with a code that this one does not know. */
function remedyOf(code: string): string | undefined {
  return Object.hasOwn(ERROR_REMEDIES, code) ? ERROR_REMEDIES[code as ErrorCode] : undefined;
}
