/** Shows the messages of a topic for people or programs. */
import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { CATALOG, qualifiedTopic, type TopicName } from './catalog.ts';
import { type Condition, type HeaderTest, matches } from './filter.ts';
import {
  type FormatOptions,
  formatBytes,
  formatKey,
  formatRecord,
  formatTime,
  printable,
  toJson,
} from './format.ts';
import { headersToJson, keyToJson } from './message-json.ts';
import { partitionOfKey } from './partitioner.ts';
import type { Position } from './positions.ts';
import { readTopic, STOP, type TopicMessage } from './reader.ts';

export interface TailOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  readonly topic: TopicName;
  readonly from: Position;
  /** Continue with new messages instead of stopping at the end offsets that were found at the start. */
  readonly follow?: boolean;
  /** Stop after this number of shown messages. */
  readonly limit?: number;
  /** Only messages with this key, in whatever partition their producer has put them. */
  readonly key?: string;
  readonly partition?: number;
  /** Only messages whose value decodes and matches all conditions. */
  readonly conditions?: readonly Condition[];
  /** Only messages whose headers match all of these. */
  readonly headers?: readonly HeaderTest[];
  /** Only messages whose printed line matches. */
  readonly grep?: RegExp;
  /** Of each key only the newest message, as compaction keeps them; what is followed afterwards is shown whole. */
  readonly latestPerKey?: boolean;
  /** Print one JSON object a line. */
  readonly json?: boolean;
  /** Print whole vectors, lists, ids and bytes. */
  readonly full?: boolean;
  readonly write: (text: string) => unknown;
  readonly signal?: AbortSignal;
}

export interface TailResult {
  readonly shown: number;
  /** Messages that could not be decoded. */
  readonly undecodable: number;
}

type Decoded =
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'value'; readonly value: RecordTypes[keyof RecordTypes] }
  | { readonly kind: 'undecodable'; readonly error: DecodeError; readonly bytes: Buffer };

/**
 * Writes the selected messages, one line each, in the order of each partition. With `from: last` the last messages of
 * all partitions are sorted by time.
 * @throws the errors of `readTopic`, and the registry's error if it cannot be asked for a schema
 */
export async function tailTopic(options: TailOptions): Promise<TailResult> {
  const { kafka, signal } = options;
  const topic = qualifiedTopic(options.namespace, options.topic);
  const { partition } = options;
  const tail = new Tail(options);
  const partitions = partition === undefined ? {} : { partitions: [partition] };
  const read = { kafka, topic, ...partitions, ...(signal && { signal }) };

  let { from } = options;
  if (from.at === 'last' || options.latestPerKey) {
    const held = options.latestPerKey ? new NewestByKey() : new AllMessages();
    const { next } = await readTopic({ ...read, from, onMessage: (message) => held.add(message) });
    for (const message of [...held.messages].sort((a, b) => a.timestamp - b.timestamp)) {
      if ((await tail.show(message)) === STOP) return tail.result;
    }
    if (!options.follow) return tail.result;
    from = { at: 'offsets', offsets: next };
  }
  const until = options.follow ? 'never' : 'end';
  await readTopic({ ...read, from, until, onMessage: (message) => tail.show(message) });
  return tail.result;
}

/** Messages that are read whole before the first one is shown. */
interface HeldMessages {
  readonly messages: Iterable<TopicMessage>;
  add(message: TopicMessage): void;
}

class AllMessages implements HeldMessages {
  readonly messages: TopicMessage[] = [];

  add(message: TopicMessage): void {
    this.messages.push(message);
  }
}

class NewestByKey implements HeldMessages {
  readonly #newest = new Map<string, TopicMessage>();

  get messages(): Iterable<TopicMessage> {
    return this.#newest.values();
  }

  add(message: TopicMessage): void {
    // A key that a strange producer has put into two partitions is two keys, as for compaction.
    const key = message.key === null ? `@${message.offset}` : message.key.toString('base64');
    this.#newest.set(`${message.partition} ${key}`, message);
  }
}

class Tail {
  shown = 0;
  undecodable = 0;
  readonly #options: TailOptions;
  readonly #format: FormatOptions;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#format = { full: options.full ?? false };
  }

  get result(): TailResult {
    return { shown: this.shown, undecodable: this.undecodable };
  }

  async show(message: TopicMessage): Promise<typeof STOP | undefined> {
    const { key, conditions = [], headers = [], grep, limit, json, write } = this.#options;
    if (key !== undefined && message.key?.toString('utf8') !== key) return undefined;
    if (!headers.every((test) => test(message.headers))) return undefined;
    const decoded = await decode(this.#options.codec, this.#options.topic, message);
    if (decoded.kind === 'undecodable') this.undecodable += 1;
    if (conditions.length > 0 && !(decoded.kind === 'value' && matches(decoded.value, conditions)))
      return undefined;

    const line = json ? this.#jsonLine(message, decoded) : await this.#textLine(message, decoded);
    if (grep !== undefined && !grep.test(line)) return undefined;
    await write(`${line}\n`);
    this.shown += 1;
    return this.shown === limit ? STOP : undefined;
  }

  #jsonLine(message: TopicMessage, decoded: Decoded): string {
    const { partition, offset, timestamp, headers, key } = message;
    const belongsTo = ownPartition(this.#options.topic, message);
    const head = {
      topic: this.#options.topic,
      partition,
      offset,
      timestamp,
      ...keyToJson(key),
      ...(belongsTo === partition ? {} : { belongsTo }),
      ...headersToJson(headers),
    };
    if (decoded.kind === 'tombstone') return JSON.stringify({ ...head, value: null });
    if (decoded.kind === 'value')
      return JSON.stringify({ ...head, value: toJson(decoded.value, this.#format) });
    const error = { code: decoded.error.code, message: decoded.error.message };
    return JSON.stringify({ ...head, error, bytes: toJson(decoded.bytes, this.#format) });
  }

  async #textLine(message: TopicMessage, decoded: Decoded): Promise<string> {
    const place = `${message.partition}:${message.offset}`;
    const own = ownPartition(this.#options.topic, message);
    const note = own === message.partition ? '' : ` (wrong partition: the key belongs to ${own})`;
    const head = `${formatTime(message.timestamp)} ${place} ${formatKey(message.key)}${note} │ `;
    if (decoded.kind === 'tombstone') return `${head}tombstone: this key is deleted`;
    if (decoded.kind === 'undecodable') return head + describeUndecodable(decoded, this.#format);
    const line =
      head + formatRecord(CATALOG[this.#options.topic].schema, decoded.value as never, this.#format);
    if (this.#options.topic !== 'dead-letters') return line;
    const details = await explainDeadLetter(
      this.#options.codec,
      decoded.value as RecordTypes['DeadLetter'],
      message,
      this.#format,
    );
    return [line, ...details.map((detail) => `    ${detail}`)].join('\n');
  }
}

/** Returns the partition in which the stages expect the message; its own for a topic that is not keyed by userId. */
function ownPartition(name: TopicName, { key, partition }: TopicMessage): number {
  const { key: kind, partitions } = CATALOG[name];
  return kind === 'userId' && key !== null ? partitionOfKey(key, partitions) : partition;
}

async function decode(
  codec: Codec,
  topic: TopicName,
  { value: bytes, batchError: error }: Pick<TopicMessage, 'value' | 'batchError'>,
): Promise<Decoded> {
  if (bytes === null) return { kind: 'tombstone' };
  if (error !== undefined) return { kind: 'undecodable', error, bytes };
  try {
    return { kind: 'value', value: await codec.decode(CATALOG[topic].schema, bytes) };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'undecodable', error, bytes };
    throw error;
  }
}

function describeUndecodable(
  { error, bytes }: { readonly error: DecodeError; readonly bytes: Buffer },
  format: FormatOptions,
): string {
  return `undecodable (${error.code}): ${printable(error.message)} ${formatBytes(bytes, format)}`;
}

/** Describes the rejected message, whether it decodes now, and how to requeue it. */
async function explainDeadLetter(
  codec: Codec,
  letter: RecordTypes['DeadLetter'],
  { partition, offset }: TopicMessage,
  format: FormatOptions,
): Promise<string[]> {
  const bytes = letter.value === null ? 'a tombstone' : formatBytes(letter.value, format);
  const lines = [`message  key ${formatKey(letter.key)}, ${bytes}`];
  if (letter.value !== null && isTopicName(letter.sourceTopic)) {
    const source = letter.sourceTopic;
    const decoded = await decode(codec, source, letter);
    if (decoded.kind === 'value') {
      lines.push(`reads as ${formatRecord(CATALOG[source].schema, decoded.value as never, format)}`);
    } else if (decoded.kind === 'undecodable') {
      lines.push(`no ${CATALOG[source].schema}: ${printable(decoded.error.message)}`);
    }
  }
  const at = partition === 0 ? '' : ` --partition ${partition}`;
  if (letter.messageBytes !== null) return lines;
  return [...lines, `requeue  npm run topics -- requeue${at} --offset ${offset}`];
}

/** Returns whether the catalogue has a topic of this name, written without a namespace. */
export function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(CATALOG, name);
}
