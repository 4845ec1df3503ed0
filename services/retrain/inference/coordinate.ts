import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { encodeWeights } from '#algorithms/pinsage/weights.ts';
import { row } from '#algorithms/vectors.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { readTopic } from '#topics/reader.ts';
import type { InferenceInput } from '../training/infer.ts';
import type { LatentLog } from './latent-log.ts';

/** Inputs on their way at once, which bounds what waits for the brokers. */
const SENT_AT_A_TIME = 4_096;

export interface InferenceJob {
  readonly generation: string;
  /** Ids of the n items. */
  readonly itemIds: readonly string[];
  /** Time without any progress, in ms, after which the job fails. */
  readonly patienceMs: number;
}

/**
 * Embeds a catalogue by the workers of the log's group, as the paper's map and reduce (PinSage, KDD 2018, §3.4): writes
 * the input of every item to its partition, then a start to each, and collects the embeddings.
 * @param signal aborts the job, with its reason
 * @returns n × dim, rows of length 1, not centred
 * @throws TributaryError `training.failed` where nothing came for `patienceMs`; RangeError where the features are not
 *   those of the items
 */
export async function inferOverLog(
  log: LatentLog,
  job: InferenceJob,
  input: InferenceInput,
  signal: AbortSignal,
): Promise<Float32Array> {
  checkFeatures(job, input);
  const ends = await endsOf(log);
  const homes = job.itemIds.map((itemId) => partitionOfKey(itemId, ends.size));
  const collector = new Collector(job, input.weights.shape.dim);
  const stop = new AbortController();
  const reading = readTopic({
    kafka: log.kafka,
    topic: log.topic,
    from: { at: 'offsets', offsets: ends },
    until: 'never',
    signal: stop.signal,
    onMessage: async ({ value }) => {
      if (value !== null) collector.take(await log.decode(value));
    },
  });
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    signal.throwIfAborted();
    await Promise.race([sendInput(log, job, input, homes, ends.size), reading, interrupted]);
    await Promise.race([collector.whenComplete(), reading, interrupted]);
    return collector.embeddings;
  } finally {
    collector.close();
    await sendEnds(log, job.generation, ends.size);
    stop.abort();
    await reading.catch(() => undefined);
  }
}

function checkFeatures({ itemIds }: InferenceJob, { weights: { shape }, features }: InferenceInput): void {
  if (features.length !== itemIds.length * shape.features) {
    throw new RangeError(`${features.length} features are not ${itemIds.length} items of ${shape.features}`);
  }
}

/** What stands in the topic already is of earlier jobs. */
async function endsOf({ kafka, topic }: LatentLog): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** All input stands in the log before the first start, so that no latent overtakes the input of who pools it. */
async function sendInput(
  log: LatentLog,
  { generation, itemIds }: InferenceJob,
  { weights, features, structure, neighbourhoods }: InferenceInput,
  homes: readonly number[],
  partitions: number,
): Promise<void> {
  const readers = readersOf(neighbourhoods, homes);
  const width = weights.shape.features;
  for (let start = 0; start < itemIds.length; start += SENT_AT_A_TIME) {
    const some = itemIds.slice(start, start + SENT_AT_A_TIME).map((itemId, place) => {
      const item = start + place;
      const { neighbours, importances } = neighbourhoodOf(neighbourhoods, item);
      return log.send(homes[item]!, {
        ...messageOf(generation, 'input'),
        itemIds: [itemId],
        vectors: encodeVector(row(features, item, width), 'features'),
        input: {
          neighbours: neighbours.map((neighbour) => itemIds[neighbour]!),
          importances: encodeVector(importances),
          readers: [...readers[item]!],
        },
      });
    });
    await Promise.all(some);
  }
  const bytes = Buffer.from(encodeWeights(weights));
  await toEach(partitions, (partition) => {
    const itemCount = homes.filter((home) => home === partition).length;
    return log.send(partition, {
      ...messageOf(generation, 'start'),
      start: { itemCount, structure, weights: bytes },
    });
  });
}

/** Partitions that need each item's latents: its home, where it can be found, and those of whose items it is a neighbour. */
function readersOf({ size, neighbours }: Neighbourhoods, homes: readonly number[]): ReadonlySet<number>[] {
  const readers = homes.map((home) => new Set([home]));
  for (const [entry, neighbour] of neighbours.entries()) {
    if (neighbour >= 0) readers[neighbour]!.add(homes[Math.floor(entry / size)]!);
  }
  return readers;
}

function neighbourhoodOf({ size, neighbours, weights }: Neighbourhoods, item: number) {
  const [start, end] = [item * size, (item + 1) * size];
  const all = neighbours.subarray(start, end);
  const missing = all.indexOf(-1);
  const count = missing < 0 ? size : missing;
  return { neighbours: [...all.subarray(0, count)], importances: weights.slice(start, start + count) };
}

/** Whatever became of it: workers then let go of it. Without an end they do so when the next generation begins. */
async function sendEnds(log: LatentLog, generation: string, partitions: number): Promise<void> {
  try {
    await toEach(partitions, (partition) => log.send(partition, messageOf(generation, 'end')));
  } catch (error) {
    log.log.warn({ generation, reason: reasonOf(error) }, 'workers were not told of the end');
  }
}

function messageOf(generation: string, kind: Latent['kind']): Latent {
  return { generation, kind, itemIds: [], layer: 0, vectors: Buffer.alloc(0), input: null, start: null };
}

async function toEach(partitions: number, send: (partition: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: partitions }, (_, partition) => send(partition)));
}

/** The embeddings that have come, and a watch on whether anything comes at all. */
class Collector {
  /** n × dim. */
  readonly embeddings: Float32Array;
  readonly #job: InferenceJob;
  readonly #dim: number;
  readonly #missing: Map<string, number>;
  readonly #complete = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(job: InferenceJob, dim: number) {
    this.#job = job;
    this.#dim = dim;
    this.embeddings = new Float32Array(job.itemIds.length * dim);
    this.#missing = new Map(job.itemIds.map((itemId, item) => [itemId, item]));
    // It may fail before anybody waits for it.
    this.#complete.promise.catch(() => undefined);
    this.#restartTimer();
  }

  /** A second embedding of an item, from a worker that took over, is the same and does nothing. */
  take({ generation, kind, itemIds, vectors }: Latent): void {
    if (generation !== this.#job.generation) return;
    this.#restartTimer();
    if (kind !== 'embedding') return;
    const rows = decodeVector(vectors, itemIds.length * this.#dim);
    for (const [place, itemId] of itemIds.entries()) {
      const item = this.#missing.get(itemId);
      if (item === undefined) continue;
      this.embeddings.set(row(rows, place, this.#dim), item * this.#dim);
      this.#missing.delete(itemId);
    }
    if (this.#missing.size === 0) this.#complete.resolve();
  }

  whenComplete(): Promise<void> {
    if (this.#missing.size === 0) this.#complete.resolve();
    return this.#complete.promise;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #restartTimer(): void {
    const { patienceMs, itemIds } = this.#job;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const done = itemIds.length - this.#missing.size;
      const reason = `the inference stands still: no worker wrote anything for ${patienceMs / 1_000} s, with ${done} of ${itemIds.length} items embedded`;
      this.#complete.reject(new TributaryError('training.failed', reason, { retryable: true }));
    }, patienceMs);
  }
}
