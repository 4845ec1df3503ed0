import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import type { CombinerBase } from '#algorithms/combiner/candidates.ts';
import { TRAITS } from '#algorithms/combiner/traits.ts';
import { type NamedTables, type Tables, tableOf, tablesFormat } from './tables.ts';

/** Name of the artefact of the combiner: retrain writes it, propose reads it. */
export const COMBINER = 'combiner';

export interface LearnedCombiner extends CombinerBase {
  /** Weight of each feature of a candidate. */
  readonly weights: Float64Array;
  /** By item: what its score lacks to stand among the first ten of some user, from 0. */
  readonly lifts: Float32Array;
}

export interface NamedCombiner extends LearnedCombiner {
  /** Item id by number. */
  readonly itemIds: readonly string[];
}

/** Numbers of groups are whole and far below 2²⁴, so that 32-bit floats hold them exactly. */
export function combinerTables({ factors, groups, traits, weights, lifts }: LearnedCombiner): Tables {
  const { levels } = groups;
  const tables = {
    traits: { columns: TRAITS.length, values: traits },
    groups: { columns: Math.max(1, levels), values: Float32Array.from(groups.of) },
    weights: { columns: weights.length, values: Float32Array.from(weights) },
    lifts: { columns: 1, values: lifts },
  };
  const named = factors.flatMap(({ rank, units, fold, offer }, place) => [
    [`units ${place}`, { columns: rank, values: units }] as const,
    [`fold ${place}`, { columns: 1, values: Float32Array.from(fold) }] as const,
    [`offer ${place}`, { columns: 1, values: Float32Array.from(offer) }] as const,
  ]);
  return { ...tables, ...Object.fromEntries(named) };
}

export const COMBINER_FORMAT = tablesFormat<NamedCombiner>(COMBINER, readCombiner);

function readCombiner({ itemIds, tables }: NamedTables): NamedCombiner {
  const count = itemIds.length;
  const traits = tableOf(tables, 'traits', count, TRAITS.length).values;
  const groups = tables.groups;
  const levels = groups === undefined || groups.values.length === 0 ? 0 : groups.columns;
  if (levels > 0) tableOf(tables, 'groups', count);
  const factors: BehaviourFactors[] = [];
  for (let place = 0; tables[`units ${place}`] !== undefined; place++) {
    const { columns: rank, values: units } = tableOf(tables, `units ${place}`, count);
    const [fold, offer] = ['fold', 'offer'].map((name) =>
      Float64Array.from(tableOf(tables, `${name} ${place}`, count, 1).values),
    );
    factors.push({ rank, units, fold: fold!, offer: offer! });
  }
  const width = 2 * factors.length + levels + TRAITS.length;
  const weights = Float64Array.from(tableOf(tables, 'weights', 1, width).values);
  return {
    itemIds,
    factors,
    traits,
    weights,
    // A combiner of an earlier version has none.
    lifts: tables.lifts === undefined ? new Float32Array(count) : tableOf(tables, 'lifts', count, 1).values,
    groups: { levels, of: Int32Array.from(groups?.values ?? []) },
  };
}
