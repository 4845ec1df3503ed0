import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { encodeWeights } from '#algorithms/pinsage/weights.ts';
import { row } from '#algorithms/vectors.ts';
import { cutIntoParts } from '#artefacts/artefact.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { readTopic } from '#topics/reader.ts';
import type { Inference, InferenceInput } from '../training/infer.ts';
import { Collector } from './collector.ts';
import type { InferenceLog } from './inference-log.ts';

/** Bytes of inputs that wait for the brokers at once. */
const SENT_BYTES = 16 * 1_048_576;

export interface InferenceJob {
  readonly generation: string;
  /** Ids of the n items. */
  readonly itemIds: readonly string[];
  /** Time without a message from a worker, in ms, after which the job fails. */
  readonly patienceMs: number;
}

/**
 * Embeds a catalogue by the workers of the log's group, as the paper's map and reduce (PinSage, KDD 2018, §3.4): writes
 * the input of every item to its partition, then the weights and a start to each, and collects latents and embeddings.
 * @param signal aborts the job, with its reason
 * @throws TributaryError `training.failed` if no message arrives for `patienceMs`; RangeError if the features do not
 *   fit the items
 */
export async function inferOverLog(
  log: InferenceLog,
  job: InferenceJob,
  input: InferenceInput,
  signal: AbortSignal,
): Promise<Inference> {
  checkFeatures(job, input);
  const ends = await endsOf(log);
  const homes = job.itemIds.map((itemId) => partitionOfKey(itemId, ends.size));
  const collector = new Collector({ ...job, shape: input.weights.shape });
  const stop = new AbortController();
  const reading = readTopic({
    kafka: log.kafka,
    topic: log.topic,
    from: { at: 'offsets', offsets: ends },
    until: 'never',
    signal: stop.signal,
    onMessage: async ({ value }) => {
      if (value !== null) collector.add(await log.decode(value));
    },
  });
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    signal.throwIfAborted();
    await Promise.race([sendInput(log, job, input, homes, ends.size), reading, interrupted]);
    await Promise.race([collector.whenComplete(), reading, interrupted]);
    const { embeddings, latents } = collector;
    return { embeddings, latents };
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

/** The end offset of each partition: the messages before it belong to earlier jobs. */
async function endsOf({ kafka, topic }: InferenceLog): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** All input is acknowledged before the first start, so that no latent overtakes the input of an item that pools it. */
async function sendInput(
  log: InferenceLog,
  { generation, itemIds }: InferenceJob,
  { weights, features, structure, neighbourhoods }: InferenceInput,
  homes: readonly number[],
  partitions: number,
): Promise<void> {
  const readers = readersOf(neighbourhoods, homes);
  const width = weights.shape.features;
  const atATime = Math.max(1, Math.floor(SENT_BYTES / (width * Float32Array.BYTES_PER_ELEMENT)));
  for (let start = 0; start < itemIds.length; start += atATime) {
    const some = itemIds.slice(start, start + atATime).map((itemId, place) => {
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
  const parts = cutIntoParts(Buffer.from(encodeWeights(weights)));
  for (const [number, bytes] of parts.entries()) {
    const message = { ...messageOf(generation, 'weights'), part: { number, bytes } };
    await toEach(partitions, (partition) => log.send(partition, message));
  }
  await toEach(partitions, (partition) => {
    const itemCount = homes.filter((home) => home === partition).length;
    const start = { itemCount, structure, weights: Buffer.alloc(0), weightParts: parts.length };
    return log.send(partition, { ...messageOf(generation, 'start'), start });
  });
}

/** Partitions that need each item's latents: its home, which the coordinator reads, and those whose items have it as a neighbour. */
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

/** Also after a failure, so that the workers drop the generation. Without an end they drop it when the next one begins. */
async function sendEnds(log: InferenceLog, generation: string, partitions: number): Promise<void> {
  try {
    await toEach(partitions, (partition) => log.send(partition, messageOf(generation, 'end')));
  } catch (error) {
    log.log.warn({ generation, reason: reasonOf(error) }, 'workers were not told of the end');
  }
}

function messageOf(generation: string, kind: Latent['kind']): Latent {
  const nothing = { itemIds: [], layer: 0, vectors: Buffer.alloc(0), input: null, start: null, part: null };
  return { generation, kind, ...nothing };
}

async function toEach(partitions: number, send: (partition: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: partitions }, (_, partition) => send(partition)));
}
