import type { Choice, FeatureTable } from '#algorithms/bandit/choice.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import { chooseFrom, type LawOfSlates } from '#algorithms/bandit/slate-law.ts';
import type { SlateRules } from '#algorithms/bandit/slate-rules.ts';
import type { Random } from '#algorithms/random.ts';
import type { ConfigOf, Settings } from '#platform/config.ts';

export interface LawOptions {
  /** The candidates are its rows. */
  readonly features: FeatureTable;
  /** Number of slots; with fewer candidates the slate is as long as they are. */
  readonly size: number;
  /** The only source of chance: the same one gives the same law. */
  readonly random: Random;
  /** What each slate must obey; by default nothing. Probabilities include it. */
  readonly rules?: SlateRules | undefined;
}

/** Returns the distribution over slates with the posterior of one moment. */
export type LawOf = (options: LawOptions) => LawOfSlates;

/** Chooses slates with the posterior of one moment; it is created again whenever the posterior is. */
export interface Policy {
  readonly lawOf: LawOf;
  /** The column that the policy orders by, if candidates lack it, so that they are ordered by something else. */
  missingIn(features: FeatureTable): string | undefined;
  /** Draws a slate from the law: the rows in order, with the score and the probabilities of each. */
  choose(features: FeatureTable, size: number, random: Random, rules?: SlateRules): Choice;
}

/** @param missingIn by default nothing is ever missing */
export function policyOf(lawOf: LawOf, missingIn: Policy['missingIn'] = () => undefined): Policy {
  return {
    lawOf,
    missingIn,
    choose: (features, size, random, rules) => chooseFrom(lawOf({ features, size, random, rules }), random),
  };
}

/** A kind of policy: its name, its own settings, and its law. */
export interface PolicyDefinition<S extends Settings = Settings> {
  /** Value of TRIBUTARY_RERANK_POLICY that selects it, and start of the policy name in each slate. */
  readonly name: string;
  /** Names of variables begin with TRIBUTARY_RERANK_. */
  readonly settings: S;
  create(posterior: Posterior, settings: ConfigOf<S>): Policy;
}
