import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Reward } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';
import { CATALOG } from '#topics/catalog.ts';
import type { Position } from '#topics/positions.ts';
import { readTopic } from '#topics/reader.ts';
import { endOffset } from './ends-watch.ts';
import { type LoggedRewards, RewardsReading } from './recovery.ts';

export const REWARDS_RETENTION_MS = CATALOG.rewards.retentionMs!;

type RewardsInput = Pick<StagePorts, 'kafka' | 'codec' | 'topic' | 'log'> & {
  readonly lifecycle: Pick<StagePorts['lifecycle'], 'signal'>;
};

/** Pause before a read that failed is repeated, ms. */
const RETRY_MS = 1_000;

/** A former owner may have been late with a chunk of older rewards; the newest ones stand before it. */
const NEWEST = 400;

/**
 * Reads the ids and the last number of all rewards of a partition. It repeats until the brokers answer, because their outage
 * must not end the stage.
 * @throws TributaryError `kafka.unreachable` (retryable) if the stage drains meanwhile
 */
export function readLoggedRewards(stage: RewardsInput, partition: number): Promise<LoggedRewards> {
  return untilRead(stage, () => readAllRewards(stage, partition));
}

/** Repeats a read until it succeeds or the stage drains. */
export async function untilRead<T>(
  { log, lifecycle: { signal } }: Pick<RewardsInput, 'log' | 'lifecycle'>,
  read: () => Promise<T>,
  pauseMs = RETRY_MS,
): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (cause) {
      const reason = `cannot read the rewards of the log: ${reasonOf(cause)}`;
      if (signal.aborted) throw new TributaryError('kafka.unreachable', reason, { cause, retryable: true });
      log.warn({ reason }, 'reading again');
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function readAllRewards(stage: RewardsInput, partition: number): Promise<LoggedRewards> {
  const reading = new RewardsReading();
  await readRewards(stage, partition, { at: 'beginning' }, (reward) => reading.take(reward));
  const { rewardIds } = reading;
  let { lastSequence } = reading;
  const topic = stage.topic('rewards');
  // Retention may have removed the last reward; its number is not above the number of messages.
  if (lastSequence === 0) lastSequence = await endOfTopic(stage.kafka, topic, partition);
  stage.log.info({ partition, rewards: rewardIds.size, lastSequence }, 'rewards that are in the log already');
  return { rewardIds, lastSequence };
}

/** Reads the largest number of the newest rewards of a partition, 0 if there are none; repeats and throws as `readLoggedRewards` does. */
export function readNewestReward(stage: RewardsInput, partition: number): Promise<number> {
  return untilRead(stage, async () => {
    let newest = 0;
    await readRewards(stage, partition, { at: 'last', count: NEWEST }, ({ sequence }) => {
      newest = Math.max(newest, sequence);
    });
    return newest;
  });
}

async function readRewards(
  stage: RewardsInput,
  partition: number,
  from: Position,
  take: (reward: Reward) => void,
): Promise<void> {
  await readTopic({
    kafka: stage.kafka,
    topic: stage.topic('rewards'),
    partitions: [partition],
    from,
    async onMessage({ value }) {
      if (value === null || value.length === 0) return;
      try {
        take(await stage.codec.decode('Reward', value));
      } catch {
        // A reward that cannot be read was not written by this stage.
      }
    },
  });
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
