import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { itemTraits, TRAITS } from '#algorithms/combiner/traits.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { COMBINER, combinerTables } from '#artefacts/combiner.ts';
import { SEQUENCE, sequenceTables } from '#artefacts/sequence.ts';
import type { Tables } from '#artefacts/tables.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import type { TrainedCompanion } from '../../../services/retrain/trainers/companion.ts';
import { COMPANION_NAMES } from '../../../services/retrain/trainers/registry.ts';
import type { LogEnd } from './log-end.ts';

const USERS = 50;
const ITEMS = 150;
const ACTIONS = 2_000;
const DIM = 8;
const DAY_MS = 86_400_000;

/** Users who take the items of two directions each, over the month before `end`, and every model, of random weights where it is slow to train. */
export function someLog(end: number): LogEnd {
  const random = createRandom('served as evaluated');
  const vectors = someUnits(random);
  const indices = Array.from({ length: ACTIONS }, (_, i) => i);
  const user = Int32Array.from(indices, () => random.integer(USERS));
  const actions = {
    user,
    // Few items are popular.
    item: Int32Array.from(user, (own) => (own + Math.floor(ITEMS * random.next() ** 3)) % ITEMS),
    context: Int32Array.from(indices, (i) => Math.floor(i / 4)),
    weight: new Float32Array(ACTIONS).fill(1),
    at: Float64Array.from(indices, (i) => end - Math.floor((1 - i / ACTIONS) * 30 * DAY_MS)),
  };
  const itemIds = Array.from({ length: ITEMS }, (_, i) => `item ${i}`);
  const paths = itemIds.map((_, i) => [`department ${i % 3}`, `category ${i % 24}`]);
  const catalogue = new Map(
    itemIds.map((itemId, i) => [itemId, { itemId, title: itemId, categories: paths[i]! }]),
  );
  const behaviour = trainBehaviour(actions, ITEMS, 1);
  return {
    userIds: Array.from({ length: USERS }, (_, i) => `user ${i}`),
    itemIds,
    actions,
    catalogue,
    vectors: { vectors, dim: DIM, alpha: 1.2 },
    behaviour,
    companions: someCompanions({ actions, behaviour, paths }, random),
  };
}

/** Every companion of the registry that a proposer reads. */
function someCompanions(
  known: { actions: ActionColumns; behaviour: BehaviourFactors; paths: readonly string[][] },
  random: Random,
): TrainedCompanion[] {
  return COMPANION_NAMES.map((model) => {
    const tables = tablesOf(model, known, random);
    return { model, tables, facts: {}, seconds: 0, mib: 0 };
  });
}

function tablesOf(
  model: string,
  {
    actions,
    behaviour,
    paths,
  }: { actions: ActionColumns; behaviour: BehaviourFactors; paths: readonly string[][] },
  random: Random,
): Tables {
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal() / 4);
  if (model === COMBINER) {
    const groups = groupsOf(paths);
    const factors = [behaviour, { ...behaviour, units: someUnits(random, behaviour.rank) }];
    const weights = Float64Array.from(numbers(2 * factors.length + groups.levels + TRAITS.length));
    const lifts = Float32Array.from({ length: ITEMS }, () => random.next());
    return combinerTables({ factors, groups, traits: itemTraits(actions, ITEMS, groups), weights, lifts });
  }
  if (model === SEQUENCE) {
    const weights = {
      ...{ inputs: DIM, hidden: DIM, input: numbers(3 * DIM * DIM), recurrent: numbers(3 * DIM * DIM) },
      ...{ bias: numbers(3 * DIM), resetBias: numbers(DIM) },
    };
    const network = { kind: 'gru', weights } as const;
    return sequenceTables({ network, vectors: someUnits(random), offsets: numbers(ITEMS) }, 15);
  }
  return { units: { columns: DIM, values: someUnits(random) } };
}

function someUnits(random: Random, dim = DIM): Float32Array {
  const units = Float32Array.from({ length: ITEMS * dim }, () => random.normal());
  for (let item = 0; item < ITEMS; item++) normaliseInPlace(units.subarray(item * dim, (item + 1) * dim));
  return units;
}
