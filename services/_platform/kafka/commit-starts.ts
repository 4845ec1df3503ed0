import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import { withAdmin } from '#topics/connection.ts';
import type { Assignment } from '#topics/kafka/group-session.ts';
import type { Commits } from './commits.ts';

/** Kafka's answer for a partition in which the group has committed nothing. */
const NOTHING = '-1';

/**
 * Commits the first offset of each assigned partition in which the group has committed nothing and this process has handled
 * nothing yet. An empty partition never gets a commit otherwise, and an autoscaler by lag takes it for a partition
 * that nobody reads.
 */
export async function commitStarts(options: {
  kafka: Kafka;
  groupId: string;
  assignment: Assignment;
  commits: Commits;
  log: Logger;
}): Promise<void> {
  const { kafka, groupId, assignment, commits, log } = options;
  const turn = commits.turn;
  try {
    await withAdmin(kafka, async (admin) => {
      const held = await admin.fetchOffsets({ groupId, topics: Object.keys(assignment) });
      for (const { topic, partitions } of held) {
        const owned = assignment[topic] ?? [];
        const missing = partitions.filter((one) => one.offset === NOTHING && owned.includes(one.partition));
        if (missing.length === 0) continue;
        const firsts = new Map(
          (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)]),
        );
        for (const { partition } of missing)
          commits.noteStart(turn, topic, partition, firsts.get(partition) ?? 0);
      }
    });
  } catch (error) {
    log.info({ reason: reasonOf(error) }, 'the first offsets of empty partitions are not committed');
  }
}
