import { CombinerRanking, type TraitScores } from '#algorithms/combiner/candidate-ranking.ts';
import { DEPTH } from '#algorithms/combiner/candidates.ts';
import { type Contribution, Contributions } from '#algorithms/combiner/contributions.ts';
import { traitsWithRecent } from '#algorithms/combiner/traits.ts';
import type { Steps } from '#algorithms/steps.ts';
import { COMBINER, COMBINER_FORMAT, type NamedCombiner } from '#artefacts/combiner.ts';
import { ACTIONS, isActionType } from '#contracts/domain/action-types.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { number } from '#platform/config.ts';
import type { Derivation, EmbeddedItems } from '../embeddings/embedded-items.ts';
import { createArtefactModel } from './artefact-model.ts';
import { type Candidate, defineProposer, type Resources } from './proposer.ts';
import { SharedFactors } from './shared-factors.ts';

/** The candidates of the factors and the popular items, in the order that later choices of users have taught. */
export const combiner = defineProposer({
  name: COMBINER,
  explanation: 'chosen by people with your choices',
  needs: ['interests', 'embeddings', 'artefacts', 'takers'],
  artefacts: [COMBINER],
  settings: {
    mostLift: number('TRIBUTARY_COMBINER_LIFT', {
      fallback: 0.5,
      minimum: 0,
      maximum: 1,
      summary:
        'how much less an item may be worth, in log-odds of being chosen, than what it displaces in the list of the user whom it suits best, if it would be shown to nobody; 0 for none',
    }),
  },
  create: ({ settings, takers, ...resources }) =>
    createArtefactModel(
      resources,
      COMBINER_FORMAT,
      (decoded) => new CombinerModel(decoded, { mostLift: settings.mostLift, takers }),
    ),
});

/** The first candidates of a list, which a slate shows, are explained by the user's item that contributes most. */
const EXPLAINED = 16;
/** Part of all contributions from which one item is the reason. */
const MOST = 0.5;
/** An item that stands out among the user's explains the candidate; else popularity does, or the company that the item keeps. */
const REASONS = {
  outstanding: 'because you {deed} {cause}',
  together: 'often {deed} together with {cause}',
  popular: 'popular',
} as const;

export interface CombinerOptions {
  readonly mostLift: number;
  readonly takers: Resources['takers'];
}

/** The combiner of one generation. */
export class CombinerModel {
  readonly #factors: SharedFactors;
  readonly #ranking: CombinerRanking;
  readonly #contributions: Contributions;
  /** As the training left them. */
  readonly #traits: Float32Array;
  readonly #takers: Resources['takers'];
  /** The traits of now are taken with each ranking of the items by popularity, every two seconds at most. */
  readonly #traitScores: Derivation<TraitScores> = { derive: () => this.#traitScoresOfNow() };

  /** @param options largest lift of an under-served item, in log-odds; takers of the log, which the traits follow */
  constructor(model: NamedCombiner, { mostLift, takers }: CombinerOptions) {
    const [first] = model.factors;
    if (first === undefined)
      throw new RangeError('the combiner has no factors by which candidates are found');
    this.#factors = SharedFactors.of({ itemIds: model.itemIds, factors: first });
    const added = Float64Array.from(model.lifts, (lift) => Math.min(mostLift, lift));
    this.#ranking = new CombinerRanking(model, model.weights, { added, scan: this.#factors.scan });
    this.#contributions = new Contributions(model, model.weights, this.#ranking, EXPLAINED);
    this.#traits = model.traits;
    this.#takers = takers;
  }

  *#traitScoresOfNow(): Steps<TraitScores> {
    const { itemIds } = this.#factors;
    const countsOf = (number: number): number[] => this.#takers.countsOf(itemIds[number]!);
    return yield* this.#ranking.traitScoresBy(yield* traitsWithRecent(this.#traits, countsOf));
  }

  /**
   * The candidates of a user who took `recent`, which are left out; none for a user of whom no item is known.
   * @param items those that may be proposed
   * @param types by which an item of `recent` explains candidates; one of which the type is not known explains none
   */
  rank(
    recent: readonly string[],
    items: EmbeddedItems,
    candidates: number,
    { types, recentTypes }: Pick<UserInterests, 'types' | 'recentTypes'>,
  ): Candidate[] {
    const { itemIds } = this.#factors;
    const { numbers: taken, places } = this.#factors.takenOf(recent, items);
    if (taken.length === 0) return [];
    this.#ranking.renew(items.derived(this.#traitScores));
    const typeOf = places.map((place) => types[recentTypes[place] ?? 0] ?? '');
    const { withheld, popularity } = this.#factors.match(items);
    const best = this.#factors.best(recent, items, DEPTH);
    const ranked = this.#ranking.rank(taken, candidates, withheld, best);
    const mayCause = typeOf.map((type) => (isActionType(type) && ACTIONS[type].interestWeight > 0 ? 1 : 0));
    const contributions = this.#contributions.of(ranked, taken, mayCause);
    return Array.from(ranked.items, (number, rank) => {
      const contribution = contributions[rank];
      const reason = contribution && this.#reasonOf(number, contribution, taken, typeOf);
      return {
        itemId: itemIds[number]!,
        score: ranked.scores[rank]!,
        because: null,
        popularity: popularity[number]!,
        explanation: '',
        ...reason,
      };
    });
  }

  #reasonOf(
    item: number,
    { by, share, isOutstanding }: Contribution,
    taken: readonly number[],
    typeOf: readonly string[],
  ): Pick<Candidate, 'because' | 'explanation'> {
    if (!isOutstanding && (by < 0 || this.#ranking.isPopular(item))) return { explanation: REASONS.popular };
    // Of a few items none stands out, although one is the reason.
    const isReason = isOutstanding || share >= MOST;
    const itemId = this.#factors.itemIds[taken[by]!]!;
    return {
      because: { itemId, type: typeOf[by]!, importance: 0, lastOccurredAt: 0 },
      explanation: isReason ? REASONS.outstanding : REASONS.together,
    };
  }
}
