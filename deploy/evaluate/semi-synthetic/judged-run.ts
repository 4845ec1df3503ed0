import { readRerankConfig } from '../../../services/rerank/config.ts';
import { POLICY_SETTINGS, selectPolicy } from '../../../services/rerank/policies/select.ts';
import type { Household } from './households.ts';
import { serveAndLearn, type Visit } from './learning-run.ts';
import type { LookModel } from './looking.ts';

/** One policy that serves and learns under one seed. */
export interface JudgedRun {
  readonly look: LookModel;
  readonly policy: string;
  readonly seed: number;
  readonly impressions: number;
  /** First slate after the drift. */
  readonly driftAt: number;
}

export const SIZE = 10;
/** Slates a day: the drift is won back within a week. */
export const SLATES_A_DAY = 700;
const REFRESH = 50;
/** A click is examination × relevance + noise: of what was bought later these are clicked on, of the rest those. */
export const CLICKS = { relevant: 0.5, noise: 0.01 };
const SETTINGS = Object.fromEntries(
  Object.entries(POLICY_SETTINGS).map(([key, { fallback }]) => [key, fallback]),
);

/** Returns a function that runs one policy for these households, with the settings of rerank as the environment has them. */
export function runsFor(households: readonly Household[]): (run: JudgedRun) => Visit[] {
  const config = readRerankConfig();
  const settings = { ...config, learner: { ...config, ...config.terms } };
  return ({ look, policy, ...run }) =>
    serveAndLearn({
      ...run,
      households,
      policy: selectPolicy(policy, SETTINGS),
      settings,
      clicking: { ...CLICKS, look },
      size: SIZE,
      refresh: REFRESH,
      slatesADay: SLATES_A_DAY,
    });
}
