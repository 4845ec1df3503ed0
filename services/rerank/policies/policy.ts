import type { Choice, FeatureTable } from '#algorithms/bandit/choice.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import type { Random } from '#algorithms/random.ts';
import type { ConfigOf, Settings } from '#platform/config.ts';

/** Chooses slates with the posterior of one moment; it is created again whenever the posterior is. */
export interface Policy {
  /**
   * Chooses among the candidates, which are the rows of `features`.
   * @param size number of slots; with fewer candidates the choice is as long as they are
   * @param random the only source of chance: the same one gives the same choice
   * @returns the rows in order, with the score of each and its exact probability of standing there, in (0, 1]
   */
  choose(features: FeatureTable, size: number, random: Random): Choice;
}

/** A kind of policy: its name, its own settings, and its constructor. */
export interface PolicyDefinition<S extends Settings = Settings> {
  /** Value of TRIBUTARY_RERANK_POLICY that selects it, and start of the policy name in each slate. */
  readonly name: string;
  /** Names of variables begin with TRIBUTARY_RERANK_. */
  readonly settings: S;
  create(posterior: Posterior, settings: ConfigOf<S>): Policy;
}
