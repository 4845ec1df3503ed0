/** Computes how far the consumer groups of a namespace are behind. */
import { type Admin, AssignerProtocol, type GroupDescription, type Kafka } from 'kafkajs';
import { qualifiedTopic, TOPICS } from './catalog.ts';
import { withAdmin } from './connection.ts';
import { isPassingGroup } from './kafka/passing-group.ts';
import { renderTable } from './table.ts';

export interface PartitionLag {
  readonly partition: number;
  /** Offset of the next message that the group will read; null if it has committed none. */
  readonly committed: number | null;
  readonly end: number;
  /** Number of uncommitted messages; without a commit, all messages of the partition. */
  readonly lag: number;
}

export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** State of the group in Kafka: Stable, Empty, PreparingRebalance, … */
  readonly state: string;
  /** Number of members that read the topic. */
  readonly members: number;
  readonly lag: number;
  readonly partitions: readonly PartitionLag[];
}

/** Number of messages in a partition, by offset. */
export interface PartitionBounds {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** The lag of each group on each topic that it has committed on or is reading now, sorted by name. */
export async function groupLags(kafka: Kafka, namespace: string): Promise<readonly GroupLag[]> {
  return withAdmin(kafka, async (admin) => {
    const groups = await describeGroups(admin, namespace);
    const bounds = await boundsOfTopics(admin, namespace);
    const lags: GroupLag[] = [];
    for (const group of groups) {
      const committed = await committedOffsets(admin, group.groupId);
      const readers = readersOfTopics(group);
      for (const [topic, partitions] of bounds) {
        const offsets = committed.get(topic);
        const members = readers.get(topic) ?? 0;
        if (offsets === undefined && members === 0) continue;
        const byPartition = partitions.map((partition) =>
          partitionLag(partition, offsets?.get(partition.partition)),
        );
        const lag = byPartition.reduce((sum, partition) => sum + partition.lag, 0);
        lags.push({ group: group.groupId, topic, state: group.state, members, lag, partitions: byPartition });
      }
    }
    return lags;
  });
}

/** Lag of one partition; `committed` is the offset from Kafka, where −1 stands for none. */
export function partitionLag(
  { partition, start, end }: PartitionBounds,
  committed: number | undefined,
): PartitionLag {
  if (committed === undefined || committed < 0) return { partition, committed: null, end, lag: end - start };
  // Messages that retention has removed do not count.
  return { partition, committed, end, lag: Math.max(0, end - Math.max(committed, start)) };
}

async function describeGroups(admin: Admin, namespace: string): Promise<readonly GroupDescription[]> {
  const prefix = namespace === '' ? '' : `${namespace}.`;
  const { groups } = await admin.listGroups();
  const names = groups
    .filter(
      ({ groupId, protocolType }) => groupId.startsWith(prefix) && ['consumer', ''].includes(protocolType),
    )
    .map(({ groupId }) => groupId)
    // These groups commit nothing, so they have no lag.
    .filter((groupId) => !isPassingGroup(groupId))
    .sort();
  return names.length === 0 ? [] : (await admin.describeGroups(names)).groups;
}

async function boundsOfTopics(
  admin: Admin,
  namespace: string,
): Promise<ReadonlyMap<string, PartitionBounds[]>> {
  const existing = new Set(await admin.listTopics());
  const bounds = new Map<string, PartitionBounds[]>();
  for (const { name } of TOPICS) {
    const topic = qualifiedTopic(namespace, name);
    if (!existing.has(topic)) continue;
    const offsets = await admin.fetchTopicOffsets(topic);
    const partitions = offsets.map(({ partition, low, high }) => ({
      partition,
      start: Number(low),
      end: Number(high),
    }));
    bounds.set(
      topic,
      partitions.sort((a, b) => a.partition - b.partition),
    );
  }
  return bounds;
}

async function committedOffsets(
  admin: Admin,
  groupId: string,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const topics = await admin.fetchOffsets({ groupId });
  return new Map(
    topics.map(({ topic, partitions }) => [
      topic,
      new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)])),
    ]),
  );
}

/** Returns the number of members of the group that have a partition of each topic. */
function readersOfTopics({ members }: GroupDescription): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const { memberAssignment } of members) {
    // While a group rebalances, its members have no assignment.
    const assignment =
      memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment);
    for (const [topic, partitions] of Object.entries(assignment?.assignment ?? {})) {
      if (partitions.length > 0) readers.set(topic, (readers.get(topic) ?? 0) + 1);
    }
  }
  return readers;
}

/** Formats the lags as a table that names the partitions that are behind. */
export function renderLags(lags: readonly GroupLag[]): string {
  if (lags.length === 0) return 'No consumer group has read a topic of this namespace yet.';
  return renderTable(lags, [
    { title: 'GROUP', value: ({ group }) => group },
    { title: 'TOPIC', value: ({ topic }) => topic },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'MEMBERS', value: ({ members }) => members },
    { title: 'LAG', value: ({ lag }) => lag },
    { title: 'BEHIND, partition:messages', value: ({ partitions }) => behind(partitions) },
  ]);
}

function behind(partitions: readonly PartitionLag[]): string {
  const late = partitions.filter(({ lag }) => lag > 0).map(({ partition, lag }) => `${partition}:${lag}`);
  return late.length === 0 ? 'none' : late.join(' ');
}
