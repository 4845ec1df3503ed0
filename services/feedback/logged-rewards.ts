import type { StagePorts } from '#platform/stage.ts';
import { CATALOG } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { endOffset } from './ends-watch.ts';
import type { LoggedRewards } from './recovery.ts';

export const REWARDS_RETENTION_MS = CATALOG.rewards.retentionMs!;

/** Reads the ids and the last number of all rewards of a partition. */
export async function readLoggedRewards(
  stage: Pick<StagePorts, 'kafka' | 'codec' | 'topic' | 'log'>,
  partition: number,
): Promise<LoggedRewards> {
  const topic = stage.topic('rewards');
  const rewardIds = new Set<string>();
  let lastSequence = 0;
  await readTopic({
    kafka: stage.kafka,
    topic,
    partitions: [partition],
    from: { at: 'beginning' },
    async onMessage({ value }) {
      if (value === null || value.length === 0) return;
      try {
        const { rewardId, sequence } = await stage.codec.decode('Reward', value);
        rewardIds.add(rewardId);
        lastSequence = Math.max(lastSequence, sequence);
      } catch {
        // A reward that cannot be read was not written by this stage.
      }
    },
  });
  // Retention may have removed the last reward; its number is not above the number of messages.
  if (lastSequence === 0) lastSequence = await endOfTopic(stage.kafka, topic, partition);
  stage.log.info({ partition, rewards: rewardIds.size, lastSequence }, 'rewards that are in the log already');
  return { rewardIds, lastSequence };
}

async function endOfTopic(kafka: StagePorts['kafka'], topic: string, partition: number): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await endOffset(admin, topic, partition);
  } finally {
    await admin.disconnect();
  }
}
