import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import { ExperimentBook } from '#contracts/domain/experiments.ts';
import type { Experiment } from '#contracts/generated/records.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { ExperimentOutcomes } from './report.ts';

/** The topics of experiments, read once for one command. */
export interface ExperimentLog {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
}

/** Undecodable and invalid messages are skipped, as rerank skips them. */
export async function readExperiments({ kafka, codec, namespace }: ExperimentLog): Promise<ExperimentBook> {
  const book = new ExperimentBook();
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'experiments'),
    from: { at: 'beginning' },
    async onMessage({ key, value }) {
      if (value === null) book.declare(String(key), null);
      const experiment = await decodeOrSkip(value, (bytes) => codec.decode('Experiment', bytes));
      if (experiment) book.declare(String(key), experiment);
    },
  });
  return book;
}

/** Reads what is in `slates` and `rewards` since the start of the experiment. Undecodable messages are dead letters of their readers. */
export async function readOutcomes(
  { kafka, codec, namespace }: ExperimentLog,
  experiment: Experiment,
): Promise<ExperimentOutcomes> {
  const outcomes = new ExperimentOutcomes(experiment);
  const from = { at: 'time', timestamp: experiment.startedAt } as const;
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'slates'),
    from,
    async onMessage({ value }) {
      const slate = await decodeOrSkip(value, (bytes) => codec.decode('Slate', bytes));
      if (slate) outcomes.noteSlate(slate);
    },
  });
  const sequences = new Map<number, number>();
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'rewards'),
    from,
    async onMessage({ value, partition }) {
      const reward = await decodeOrSkip(value, (bytes) => codec.decode('Reward', bytes));
      // A repeated reward has a sequence number that its partition has passed (decision 0002).
      if (!reward || reward.sequence <= (sequences.get(partition) ?? 0)) return;
      sequences.set(partition, reward.sequence);
      outcomes.noteReward(reward);
    },
  });
  return outcomes;
}

/** Decodes a value; undefined for a tombstone, and for bytes that are no record. */
export async function decodeOrSkip<T>(
  value: Buffer | null,
  decode: (bytes: Buffer) => T | Promise<T>,
): Promise<T | undefined> {
  if (value === null) return undefined;
  try {
    return await decode(value);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
