import { pairOverlap } from '#algorithms/evaluation/metrics.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { groupLags } from '#topics/lag.ts';
import { readTopic } from '#topics/reader.ts';
import type { Cluster } from './cluster.ts';

/** Counts of the log's content after all stages are idle. */
export interface Census {
  /** Distinct event ids in `actions`. */
  readonly eventsInLog: number;
  /** Messages in `actions` beyond the distinct ids: an event whose acknowledgement was lost was sent again. */
  readonly duplicatesInLog: number;
  readonly deadLetters: number;
  readonly slatesInLog: number;
  readonly rewards: number;
  /** Rewards other than zero. */
  readonly rewardsEarned: number;
  /** Rewards in the posterior that chose the newest slate. */
  readonly observations: number;
  /** Mean overlap of the newest slates of two users, 0 to 1: the items that both show, as a share of ten. */
  readonly slateOverlap: number;
  /** Users whose newest interests have medoids in the given generation. */
  readonly usersWithMedoids: number;
}

/** Slots of a slate of the demo's visitors. */
const SLATE = 10;

type LogReader = Pick<Cluster, 'kafka' | 'codec' | 'topic'>;

export async function readCensus(log: LogReader, generation: string): Promise<Census> {
  const eventIds = new Set<string>();
  const actions = await readAll(log, 'actions', ({ eventId }) => eventIds.add(eventId));
  const deadLetters = await readAll(log, 'dead-letters', () => {});
  let rewardsEarned = 0;
  const rewards = await readAll(log, 'rewards', ({ reward }) => {
    if (reward !== 0) rewardsEarned += 1;
  });
  let newest: RecordTypes['Slate'] | undefined;
  const shown = new Map<string, readonly string[]>();
  const slates = await readAll(log, 'slates', (slate) => {
    shown.set(
      slate.userId,
      slate.slots.map(({ itemId }) => itemId),
    );
    if (newest === undefined || slate.servedAt > newest.servedAt) newest = slate;
  });
  const interested = new Set<string>();
  // The messages of a user are in order, so the last one is current.
  const onValue = ({ userId, medoids, generation: clusteredIn }: RecordTypes['UserInterests']) => {
    if (clusteredIn === generation && medoids.length > 0) interested.add(userId);
    else interested.delete(userId);
  };
  await readAll(log, 'interests', onValue, (userId) => interested.delete(userId));
  return {
    eventsInLog: eventIds.size,
    duplicatesInLog: actions - eventIds.size,
    deadLetters,
    slatesInLog: slates,
    rewards,
    rewardsEarned,
    observations: newest?.observations ?? 0,
    slateOverlap: pairOverlap(shown.values(), SLATE),
    usersWithMedoids: interested.size,
  };
}

/** Decodes all current messages of a topic and returns their number; tombstones do not count. */
async function readAll<T extends TopicName>(
  { kafka, codec, topic }: LogReader,
  name: T,
  onValue: (value: TopicValue<T>) => void,
  onTombstone: (key: string) => void = () => {},
): Promise<number> {
  let messages = 0;
  await readTopic({
    kafka,
    topic: topic(name),
    from: { at: 'beginning' },
    async onMessage({ key, value }) {
      if (value === null) return onTombstone(String(key));
      messages += 1;
      onValue((await codec.decode(CATALOG[name].schema, value)) as TopicValue<T>);
    },
  });
  return messages;
}

/** Returns the uncommitted messages of each consumer group, summed over its topics. */
export async function lagByGroup({
  kafka,
  namespace,
}: Pick<Cluster, 'kafka' | 'namespace'>): Promise<Record<string, number>> {
  const lags: Record<string, number> = {};
  for (const { group, lag } of await groupLags(kafka, namespace)) {
    // A follower reads a whole topic for itself and never commits, so its lag is meaningless.
    if (!group.includes('.follower.')) lags[group] = (lags[group] ?? 0) + lag;
  }
  return lags;
}
