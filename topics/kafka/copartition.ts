import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const NAME = 'tributary-copartition';

/**
 * Assigns partition p of every topic of the group to the same member, so that topics keyed by userId can be
 * joined locally and one process owns a user. Members take partitions in turn, in the order of their ids.
 */
export const copartitionAssigner: PartitionAssigner = ({ cluster }) => ({
  name: NAME,
  version: 1,
  async assign({ members, topics }) {
    const memberIds = members.map(({ memberId }) => memberId).sort();
    const assignments = assignPartitions(
      memberIds,
      topics.map((topic) => ({
        topic,
        partitions: cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
      })),
    );
    return memberIds.map((memberId) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 1,
        assignment: assignments.get(memberId) ?? {},
        userData: Buffer.alloc(0),
      }),
    }));
  },
  protocol({ topics }) {
    return {
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    };
  },
});

/** The assignment itself, pure: member id → topic → partitions. */
export function assignPartitions(
  memberIds: readonly string[],
  topics: ReadonlyArray<{ topic: string; partitions: readonly number[] }>,
): Map<string, Record<string, number[]>> {
  const result = new Map<string, Record<string, number[]>>(memberIds.map((id) => [id, {}]));
  for (const { topic, partitions } of topics) {
    for (const partition of partitions) {
      const owner = memberIds[partition % memberIds.length];
      const assignment = owner === undefined ? undefined : result.get(owner);
      if (assignment === undefined) continue;
      assignment[topic] = [...(assignment[topic] ?? []), partition];
    }
  }
  return result;
}
