import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { type ConfigOf, number, readConfig, weights } from '#platform/config.ts';

const SETTINGS = {
  windowMs: number('TRIBUTARY_FEEDBACK_ATTRIBUTION_MS', {
    fallback: 1_800_000,
    minimum: 100,
    maximum: 30 * 86_400_000,
    integer: true,
    summary: 'milliseconds after serving within which an action counts for a slate',
  }),
  weights: weights('TRIBUTARY_FEEDBACK_WEIGHTS', DEFAULT_REWARDS, {
    summary: 'reward of each type of action; 0 ignores the type',
  }),
  slateDelayMs: number('TRIBUTARY_FEEDBACK_SLATE_DELAY_MS', {
    fallback: 120_000,
    minimum: 0,
    maximum: 86_400_000,
    integer: true,
    summary: 'longest time in milliseconds from choosing a slate to its being in the log',
  }),
  idleMs: number('TRIBUTARY_FEEDBACK_IDLE_MS', {
    fallback: 60_000,
    minimum: 100,
    maximum: 86_400_000,
    integer: true,
    summary: 'milliseconds overdue by the clock after which a slate closes on a partition without actions',
  }),
  tickMs: number('TRIBUTARY_FEEDBACK_TICK_MS', {
    fallback: 1_000,
    minimum: 50,
    maximum: 60_000,
    integer: true,
    summary: 'milliseconds between two looks at how far the topics are read',
  }),
} as const;

export type FeedbackConfig = ConfigOf<typeof SETTINGS>;

export function readFeedbackConfig(): FeedbackConfig {
  return readConfig(SETTINGS, process.env);
}
