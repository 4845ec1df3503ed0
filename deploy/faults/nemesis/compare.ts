import { setTimeout as delay } from 'node:timers/promises';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import { readConfig } from '#platform/config.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { SETTINGS as FEEDBACK_SETTINGS, rulesOf } from '../../../services/feedback/config.ts';
import { SETTINGS as INTERESTS_SETTINGS } from '../../../services/interests/config.ts';
import { checkAcknowledged } from '../checkers/acknowledged.ts';
import {
  checkMembership,
  checkMoves,
  type ItemsByGeneration,
  pointerMoves,
} from '../checkers/generations.ts';
import { checkRewards } from '../checkers/rewards.ts';
import { checkAnswers, checkGenerations } from '../checkers/slates.ts';
import { checkStatistics, foldRewards } from '../checkers/statistics.ts';
import { checkWindows, foldActions, spaceOf } from '../checkers/windows.ts';
import { waitForNoLag } from '../no-lag.ts';
import { readLog } from '../read-log.ts';
import { readInterestsRecords, readStatistics } from '../read-stores.ts';
import { SHARED_ITEMS } from './generations.ts';
import { usersOfPartitions } from './recovery.ts';
import { FEEDBACK_ENV, type NemesisWorld } from './world.ts';

/** What the comparison reads of a world, wherever its stages run. */
export interface ComparedWorld
  extends Pick<NemesisWorld, 'redis' | 'load' | 'slowClients' | 'generations' | 'write'> {
  readonly namespace: Pick<TestNamespace, 'kafka' | 'codec' | 'topicOf' | 'namespace'>;
}

export interface Comparison {
  /** A sentence for each difference between what was done and what should have been. */
  readonly differences: readonly string[];
  readonly actions: number;
  readonly slates: number;
  /** Slates in the log that nobody received. */
  readonly unanswered: number;
  readonly rewards: number;
}

/** Further than any slate lasts, also one of a process whose clock is ahead; an action may be five minutes ahead. */
const CLOSING_MS = 200_000;
/** A slate may be as far ahead. It shows that all slates are read that were served more than the slate delay before. */
const LAST_SLATE_MS = 290_000;
/** Ids of what nobody requested begin so. */
const CLOSING = 'closing ';
const LAG_MS = 180_000;
/** Refreshes after a flip, and rewards of the last slates, come a moment after all messages are read. */
const SETTLE_MS = 60_000;
const SETTLE_POLL_MS = 3_000;

/** Ends the load, closes every slate, waits until all is read, and compares the stores and the log with what they should hold. */
export async function settleAndCompare(world: ComparedWorld): Promise<Comparison> {
  await world.load.stop();
  await closeSlates(world);
  const lagging = await waitForNoLag(world.namespace, LAG_MS);
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const found = await compare(world);
    if (found.differences.length === 0 || performance.now() > deadline)
      return { ...found, differences: [...lagging, ...found.differences] };
    await delay(SETTLE_POLL_MS);
  }
}

/** Advances the stream time and the slates of each partition beyond every attribution window. */
async function closeSlates(world: ComparedWorld): Promise<void> {
  for (const userId of usersOfPartitions('closer')) {
    const now = Date.now();
    await world.write('actions', userId, {
      eventId: `${CLOSING}${userId}`,
      userId,
      itemId: SHARED_ITEMS[0]!,
      type: 'view',
      occurredAt: now + CLOSING_MS,
      receivedAt: now,
      contextId: null,
      value: null,
      slateId: null,
      slot: null,
    });
    await world.write('slates', userId, {
      ...{ slateId: `${CLOSING}${userId}`, userId, servedAt: now + LAST_SLATE_MS, slots: [] },
      ...{ policy: 'none', observations: 0, generation: null, interestsVersion: -1, experiment: null },
      ...{ featureNames: [], ...UNKNOWN_CHOICE },
    });
  }
}

async function compare({
  namespace,
  redis,
  load,
  slowClients,
  generations,
}: ComparedWorld): Promise<Comparison> {
  const read = <T extends Parameters<typeof readLog>[1]>(topic: T) => readLog(namespace, topic);
  const [actions, slates, rewards, proposals] = [
    await read('actions'),
    await read('slates'),
    await read('rewards'),
    await read('proposals'),
  ];
  const [interests, letters] = [await read('interests'), await read('dead-letters')];
  const releases = await read('releases');
  const space = spaceOf(releases, await read('embeddings'));
  const config = readConfig(INTERESTS_SETTINGS, {});
  const feedback = readConfig(FEEDBACK_SETTINGS, FEEDBACK_ENV);
  const requested = slates.filter(({ value }) => value?.slateId.startsWith(CLOSING) !== true);
  const answers = checkAnswers(load.answered, requested, load.counts.failedSlates + slowClients.count);
  const windows = await foldActions(actions, { config, space, now: Date.now() });
  const differences = [
    ...checkAcknowledged(load.acknowledged, actions),
    ...checkWindows(
      await readInterestsRecords(redis, namespace.namespace),
      windows,
      generations.length > 1 ? 'items' : 'all',
    ),
    ...checkRewards(
      { slates, actions, rewards },
      { rules: rulesOf(feedback), idleMs: feedback.idleMs, settledUntil: Date.now() + CLOSING_MS / 2 },
    ),
    ...checkStatistics(await readStatistics(redis, namespace.namespace), await foldRewards(rewards)),
    ...answers.faults,
    ...checkGenerations({ slates, proposals, interests }),
    ...checkMoves(pointerMoves(releases)),
    ...checkMembership(proposals, itemsByGeneration(generations)),
    ...letters.map(({ value }) => `a dead letter of ${value?.stage}: ${value?.code}, ${value?.reason}`),
  ];
  const { unanswered } = answers;
  return {
    ...{ differences, unanswered },
    ...{ actions: actions.length, slates: slates.length, rewards: rewards.length },
  };
}

function itemsByGeneration(generations: NemesisWorld['generations']): ItemsByGeneration {
  return new Map(
    generations.map(({ name, embeddings }) => [name, new Set(embeddings.map(({ value }) => value.itemId))]),
  );
}
