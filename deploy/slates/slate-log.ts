import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import { candidateSetFault } from '#contracts/domain/candidate-sets.ts';
import type { CandidateSet, RecordTypes, Slate } from '#contracts/generated/records.ts';
import { qualifiedTopic, type TopicName } from '#topics/catalog.ts';
import type { Position } from '#topics/positions.ts';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import type { RewardedSlate } from './judge-log.ts';
import type { PlacedReward } from './past-posteriors.ts';

/** The topics of slates, read once for one command. */
export interface SlateLog {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
}

/** The candidates of all sampled slates from a position on, by slate id; invalid ones are left out. */
export async function readCandidateSets(log: SlateLog, from: Position): Promise<Map<string, CandidateSet>> {
  const sets = new Map<string, CandidateSet>();
  await readRecords(log, 'candidates', 'CandidateSet', from, (value, { key }) => {
    if (candidateSetFault({ value, key: String(key) }) === undefined) sets.set(value.slateId, value);
  });
  return sets;
}

/**
 * Says why a slate of the log has no candidates, and which slates have them.
 * @param sets the candidates that are logged, by slate id
 */
export function candidatesMissing(slateId: string, sets: ReadonlyMap<string, CandidateSet>): string {
  const newest = [...sets.values()].reduce<CandidateSet | undefined>(
    (best, set) => (best === undefined || set.servedAt > best.servedAt ? set : best),
    undefined,
  );
  const others =
    newest === undefined
      ? 'No slate has them yet'
      : `The newest slate that has them is ${newest.slateId}; \`tributary topics tail candidates\` shows others`;
  return (
    `The candidates of slate ${slateId} were not logged: rerank logs those of a share of the slates only ` +
    `(TRIBUTARY_RERANK_CANDIDATES_SHARE, 1 % by default). ${others}.`
  );
}

/** The slates of these ids. */
export async function readSlates(
  log: SlateLog,
  from: Position,
  ids: ReadonlySet<string>,
): Promise<Map<string, Slate>> {
  const slates = new Map<string, Slate>();
  await readRecords(log, 'slates', 'Slate', from, (slate) => {
    if (ids.has(slate.slateId) && !slates.has(slate.slateId)) slates.set(slate.slateId, slate);
  });
  return slates;
}

/** All rewards that the log has, by partition. */
export async function readRewards(log: SlateLog): Promise<PlacedReward[][]> {
  const byPartition = new Map<number, PlacedReward[]>();
  const from = { at: 'beginning' } as const;
  const partitions = await readRecords(log, 'rewards', 'Reward', from, (reward, { partition, offset }) => {
    const known = byPartition.get(partition) ?? [];
    byPartition.set(partition, known);
    known.push({ offset, reward });
  });
  // Partitions without rewards have a place too, the last ones included.
  return Array.from({ length: partitions }, (_, partition) => byPartition.get(partition) ?? []);
}

/** Sampled slates by which a policy can be judged, and how many cannot. */
export interface SettledSlates {
  /** Those whose rewards are in the log, in the order of time. */
  readonly settled: readonly RewardedSlate[];
  /** Those without a slate, or whose slate and candidates do not fit each other or the partitions of the log. */
  readonly leftOut: number;
  /** Those without rewards yet. */
  readonly waiting: number;
}

/** Sorts the sampled slates by whether a policy can be judged by them. */
export function settledSlates(
  sets: ReadonlyMap<string, CandidateSet>,
  slates: ReadonlyMap<string, Slate>,
  rewards: readonly (readonly PlacedReward[])[],
): SettledSlates {
  const earned = new Map<string, Map<number, number>>();
  for (const { reward } of rewards.flat()) {
    if (!sets.has(reward.slateId)) continue;
    const slots = earned.get(reward.slateId) ?? new Map<number, number>();
    earned.set(reward.slateId, slots.set(reward.slot, reward.reward));
  }
  const settled: RewardedSlate[] = [];
  let [leftOut, waiting] = [0, 0];
  for (const set of [...sets.values()].sort((a, b) => a.servedAt - b.servedAt)) {
    const slate = slates.get(set.slateId);
    const slots = earned.get(set.slateId);
    if (slate === undefined || !fits(slate, set, rewards.length)) leftOut += 1;
    else if (slots === undefined) waiting += 1;
    else settled.push({ slate, set, rewards: slate.slots.map((_, slot) => slots.get(slot) ?? 0) });
  }
  return { settled, leftOut, waiting };
}

/**
 * Whether a slate can have been chosen from the candidates, with a posterior of that many partitions. A slate from before there were conditional
 * propensities cannot be judged. Anybody can write both topics.
 */
function fits({ slots }: Slate, { itemIds, rewardOffsets }: CandidateSet, partitions: number): boolean {
  const known = new Set(itemIds);
  const isProbability = (value: number) => value > 0 && value <= 1 + 1e-9;
  return (
    rewardOffsets.length === partitions &&
    new Set(slots.map(({ itemId }) => itemId)).size === slots.length &&
    slots.every(
      ({ itemId, propensity, conditional }) =>
        known.has(itemId) && isProbability(propensity) && isProbability(conditional),
    )
  );
}

/** @returns the number of partitions of the topic */
async function readRecords<R extends keyof RecordTypes>(
  { kafka, codec, namespace }: SlateLog,
  topic: TopicName,
  record: R,
  from: Position,
  apply: (value: RecordTypes[R], message: TopicMessage) => void,
): Promise<number> {
  const { next } = await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, topic),
    from,
    async onMessage(message) {
      if (message.value === null) return;
      try {
        apply(await codec.decode(record, message.value), message);
      } catch (error) {
        // The stages that read the topic write the dead letters.
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  });
  return next.size;
}
