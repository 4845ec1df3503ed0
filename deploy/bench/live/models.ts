import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { TRAITS } from '#algorithms/combiner/traits.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { BEHAVIOUR, BEHAVIOUR_FORMAT, behaviourArtefact, type NamedFactors } from '#artefacts/behaviour.ts';
import { COMBINER, COMBINER_FORMAT, combinerTables } from '#artefacts/combiner.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { writeArtefact } from '#artefacts/writer.ts';
import { CATALOG } from '#topics/catalog.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import { trainCombiner } from '../../../services/retrain/trainers/combiner.ts';
import { cacheFolder, fillOnce } from '../../local/parts/cache.mjs';
import { BENCH_GENERATION } from '../seeded-windows.ts';
import { clusteredVectors, SYNTHETIC_DIMENSION } from '../synthetic-windows.ts';
import { lastWindow, type RealWindows } from '../windows.ts';

const SEED = 1;
const TRAINED_UP_TO = null;
/** Raised whenever a change of the code changes the models. */
const VERSION = 4;

/**
 * The models that the default proposers read beside the vectors, as retrain would have trained them on the windows. The combiner is released
 * whatever its gate says, because a running system has one. They stay in the cache for the next run.
 */
export async function trainedModels(windows: RealWindows, itemIds: readonly string[]): Promise<Artefact[]> {
  const digest = createHash('sha256').update(JSON.stringify([VERSION, TRAITS, windows.alpha, itemIds]));
  const name = `bench-models-${digest.digest('hex').slice(0, 16)}`;
  const cache = cacheFolder(process.env);
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    console.error('  training the models on the windows, once …');
    const trained = trainModels(windows, itemIds);
    await fillOnce(cache, name, async (partial) => {
      for (const { model, format, bytes } of trained) {
        writeFileSync(join(partial, model), bytes);
        writeFileSync(join(partial, `${model}.format`), format);
      }
    });
  }
  return [BEHAVIOUR, COMBINER].map((model) => ({
    model,
    generation: BENCH_GENERATION,
    format: readFileSync(join(folder, `${model}.format`), 'utf8'),
    bytes: readFileSync(join(folder, model)),
    card: '{}',
    requires: [],
    trainedUpTo: TRAINED_UP_TO,
  }));
}

function trainModels(windows: RealWindows, itemIds: readonly string[]): Artefact[] {
  const actions = columnsOf(windows, itemIds);
  const input = { actions, itemCount: itemIds.length };
  const factors = trainBehaviour(actions, itemIds.length, SEED);
  const groups = groupsOf(itemIds.map((itemId) => windows.categoriesOf(itemId)));
  const { tables } = trainCombiner({ ...input, groups, seed: SEED, trained: { behaviour: factors } });
  const name = { model: COMBINER, generation: BENCH_GENERATION, itemIds, card: '{}' };
  return [
    behaviourArtefact(BENCH_GENERATION, { itemIds, factors }, TRAINED_UP_TO),
    tablesArtefact({ ...name, tables, trainedUpTo: TRAINED_UP_TO }),
  ];
}

/** Weights as a training on purchases found them, by standardised score and rank of both factors, levels of groups, and traits. */
const WEIGHTS = {
  factors: [0.6, 0.3, 0.2, 0.1],
  level: 0.3,
  traits: [-0.4, 0.9, 0.3, 0.2, 0.2, 0.1, -0.1, 0.1],
} as const;

/**
 * The same models in the same sizes, without a training: clustered factors, and takers that fall as a Zipf distribution does. Only for
 * costs; nothing about quality follows from them.
 */
export function plausibleModels(
  { categoriesOf }: Pick<RealWindows, 'categoriesOf'>,
  itemIds: readonly string[],
  random: Random,
): Artefact[] {
  const takers = Float64Array.from(itemIds, () => 1 + itemIds.length / (1 + random.integer(itemIds.length)));
  const [factors, neighbours] = [0.1, 0.5].map((exponent) => plausibleFactors(takers, exponent, random));
  const groups = groupsOf(itemIds.map((itemId) => categoriesOf(itemId)));
  const traits = new Float32Array(itemIds.length * TRAITS.length);
  takers.forEach((count, item) => {
    const season = Math.log(count * random.next() + 0.1);
    const others = Array.from({ length: TRAITS.length - 2 }, () => random.normal());
    traits.set([Math.log(count), season, ...others], item * TRAITS.length);
  });
  const lifts = new Float32Array(itemIds.length);
  const levels = Array.from({ length: groups.levels }, () => WEIGHTS.level);
  const weights = Float64Array.from([...WEIGHTS.factors, ...levels, ...WEIGHTS.traits]);
  const tables = combinerTables({ factors: [factors!, neighbours!], groups, traits, weights, lifts });
  const name = { model: COMBINER, generation: BENCH_GENERATION, itemIds, card: '{}' };
  return [
    behaviourArtefact(BENCH_GENERATION, { itemIds, factors: factors! }, TRAINED_UP_TO),
    tablesArtefact({ ...name, tables, trainedUpTo: TRAINED_UP_TO }),
  ];
}

function plausibleFactors(takers: Float64Array, popularity: number, random: Random): NamedFactors['factors'] {
  return {
    rank: SYNTHETIC_DIMENSION,
    units: clusteredVectors(takers.length, random),
    fold: takers.map((count) => count ** -0.5),
    offer: takers.map((count) => count ** popularity),
  };
}

/** What propose decodes. */
const FORMATS = [BEHAVIOUR_FORMAT, COMBINER_FORMAT];

/**
 * Decodes the models as propose does. Propose goes on without a model that it cannot read, and the bench would measure less than a user has.
 * @throws Error for a model of another format, or with tables of other shapes
 */
export function checkModels(artefacts: readonly Artefact[]): void {
  for (const { model, format, decode } of FORMATS) {
    const artefact = artefacts.find((one) => one.model === model);
    if (artefact?.format !== format)
      throw new Error(`propose reads ${model} as ${format}, but the bench has ${artefact?.format ?? 'none'}`);
    decode(artefact);
  }
}

/** Writes artefacts into the log as retrain does, after `checkModels`. */
export async function publishModels(
  { produce, encode }: Pick<TestNamespace, 'produce' | 'encode'>,
  artefacts: readonly Artefact[],
): Promise<void> {
  checkModels(artefacts);
  const log: Parameters<typeof writeArtefact>[0] = {
    produce: (topic, key, value) => {
      const bytes = value === null ? null : encode(CATALOG[topic].schema, value as never);
      return produce(topic, { key, value: bytes });
    },
  };
  for (const artefact of artefacts) await writeArtefact(log, artefact);
}

/** The windows of all households as a training reads them, by time. */
function columnsOf({ histories }: RealWindows, itemIds: readonly string[]): ActionColumns {
  const numbers = new Map(itemIds.map((itemId, number) => [itemId, number]));
  const actions = histories
    .flatMap((history, user) =>
      lastWindow(history).map(({ itemId, occurredAt }) => ({ user, itemId, occurredAt })),
    )
    .filter(({ itemId }) => numbers.has(itemId))
    .sort((a, b) => a.occurredAt - b.occurredAt);
  return {
    user: Int32Array.from(actions, ({ user }) => user),
    context: Int32Array.from(actions.keys()),
    item: Int32Array.from(actions, ({ itemId }) => numbers.get(itemId)!),
    weight: new Float32Array(actions.length).fill(1),
    at: Float64Array.from(actions, ({ occurredAt }) => occurredAt),
  };
}
