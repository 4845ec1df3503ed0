import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { MAX_FUTURE_MS, MAX_TIMESTAMP_AHEAD_MS } from '#contracts/domain/times.ts';
import { type ConfigOf, choice, number, readConfig, weights } from '#platform/config.ts';

import type { AttributionRules } from './attribution.ts';
import { MAIN_OBJECTIVE, MOST_WEIGHT, objectives } from './objectives.ts';

export const SETTINGS = {
  windowMs: number('TRIBUTARY_FEEDBACK_ATTRIBUTION_MS', {
    fallback: 1_800_000,
    minimum: 100,
    maximum: 30 * 86_400_000,
    integer: true,
    unit: 'ms',
    summary: 'time after a slate is served during which the user’s actions count for it',
  }),
  weights: weights('TRIBUTARY_FEEDBACK_WEIGHTS', DEFAULT_REWARDS, {
    most: MOST_WEIGHT,
    summary: 'reward of each action type; 0 ignores the type',
  }),
  objectives: objectives('TRIBUTARY_FEEDBACK_OBJECTIVES', {
    summary:
      'further objectives, separated by semicolons: each has a name, the factor with which its outcome is added to the reward, and the outcome of action types',
  }),
  silence: choice('TRIBUTARY_FEEDBACK_SILENCE', ['ignored', 'teaches'], {
    fallback: 'ignored',
    summary:
      'whether a slate without any reaction and without any impression teaches that its items are worth nothing',
  }),
  clockToleranceMs: number('TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS', {
    fallback: 120_000,
    minimum: 0,
    maximum: 86_400_000,
    integer: true,
    unit: 'ms',
    summary:
      'how far the clock of an app may be behind for its actions on a slate to count; a slate is settled so much later',
  }),
  receiptToleranceMs: number('TRIBUTARY_FEEDBACK_RECEIPT_TOLERANCE_MS', {
    fallback: 0,
    minimum: 0,
    maximum: 60_000,
    integer: true,
    unit: 'ms',
    summary:
      'how far the clock of the gateway may be behind that of rerank; an action that was received longer before a slate never counts for it',
  }),
  slateDelayMs: number('TRIBUTARY_FEEDBACK_SLATE_DELAY_MS', {
    fallback: 120_000,
    minimum: 0,
    maximum: 86_400_000,
    integer: true,
    unit: 'ms',
    summary: 'longest time that is expected between the choice of a slate and its place in the log',
  }),
  idleMs: number('TRIBUTARY_FEEDBACK_IDLE_MS', {
    fallback: 60_000,
    minimum: 100,
    maximum: 86_400_000,
    integer: true,
    unit: 'ms',
    summary:
      'time that a slate is overdue by the clock before it closes on a partition without actions, or without further slates',
  }),
  tickMs: number('TRIBUTARY_FEEDBACK_TICK_MS', {
    fallback: 1_000,
    minimum: 50,
    maximum: 60_000,
    integer: true,
    unit: 'ms',
    summary: 'time between two comparisons of the positions with the end offsets of the topics',
  }),
} as const;

export type FeedbackConfig = ConfigOf<typeof SETTINGS>;

export function readFeedbackConfig(): FeedbackConfig {
  return readConfig(SETTINGS, process.env);
}

/** Time by which a message may advance the time of serving beyond the clock of the broker, ms. */
const MOST_AHEAD_MS = MAX_TIMESTAMP_AHEAD_MS + MAX_FUTURE_MS;

export function rulesOf(config: FeedbackConfig): AttributionRules {
  const { windowMs, clockToleranceMs, receiptToleranceMs, slateDelayMs } = config;
  return {
    windowMs,
    clockToleranceMs,
    receiptToleranceMs,
    slateDelayMs,
    objectives: [{ name: MAIN_OBJECTIVE, factor: 1, weights: config.weights }, ...config.objectives],
    teachesSilence: config.silence === 'teaches',
    // As long as its outcome can matter, so that no slate that came in time is taken for a late one.
    slateMemoryMs: windowMs + clockToleranceMs + slateDelayMs + MOST_AHEAD_MS,
  };
}
