import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { judgeBehaviour, trainBehaviour } from '../../services/retrain/trainers/behaviour.ts';
import { trainCompanions } from '../../services/retrain/trainers/companion.ts';
import { COMPANIONS } from '../../services/retrain/trainers/registry.ts';
import { trainPinSage } from '../../services/retrain/training/train.ts';
import { DEFAULT_TRAIN_CONFIG } from '../../services/retrain/training/train-config.ts';
import { readPurchases } from '../data/purchases.ts';
import type { LogEnd } from '../evaluate/served/log-end.ts';
import type { Figures } from '../figures/figures.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { RECIPE, trainingInput } from '../vectors/embeddings.ts';
import { costOfLists } from './model-lists.ts';
import { type ModelCost, sharesOf } from './model-shares.ts';

/** What a retraining of all models on the whole year may take. */
const MOST_SECONDS = 8 * 60;
const MOST_MIB = 4 * 1_024;
const PINSAGE = 'pinsage';
const BEHAVIOUR = 'behaviour';

/**
 * What each model costs on completejourney's whole year: wall and processor time of its training with the share in that of all models,
 * the largest memory of the process until its end, and its share in the processor time of an action and of a slate, by the code of the stages
 * without Kafka. All items are trained, where the stage trains the 50,000 with the most actions. `within` says whether the trainings end in eight
 * minutes and 4 GiB. `--share 0.05` takes the first twentieth of the purchases, to see whether the bench runs.
 * The memory of one model contains that of the models before, because one process trains them all, as in the stage.
 */
export async function measure({
  share,
}: Readonly<Record<string, string | undefined>> = {}): Promise<Figures> {
  const trainedShare = shareOf(share);
  const purchases = await readPurchases();
  const { itemIds, input } = trainingInput(purchases, {
    ...RECIPE,
    trainedShare,
    minimumBuyers: 1,
    config: DEFAULT_TRAIN_CONFIG,
  });
  const costs: ModelCost[] = [];
  const timed = async <T>(model: string, work: () => Promise<T> | T): Promise<T> => {
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const result = await work();
    const { user, system } = process.cpuUsage(cpuBefore);
    const seconds = (performance.now() - startedAt) / 1_000;
    costs.push({ model, seconds, cpuSeconds: (user + system) / 1e6, peakMiB: peakMiB() });
    console.error(`  ${model}: ${seconds.toFixed(1)} s`);
    return result;
  };
  const { actions, itemCount, config } = input;
  const result = await timed(PINSAGE, () => trainPinSage(input));
  const behaviour = await timed(BEHAVIOUR, () => {
    judgeBehaviour(actions, itemCount, config);
    return trainBehaviour(actions, itemCount, config.seed);
  });
  const companionInput = {
    ...input,
    layout: RECIPE.layout,
    groups: groupsOf(itemIds.map((itemId) => purchases.catalogue.get(itemId)?.categories ?? [])),
    trained: { ...result, behaviour },
    seed: config.seed,
  };
  const companions = await trainCompanions(
    COMPANIONS.map((companion) => ({
      ...companion,
      train: (own) => timed(companion.model, () => companion.train(own)),
    })),
    companionInput,
  );
  const vectors = { vectors: result.embeddings, dim: config.dim, alpha: result.alpha.alpha };
  const log: LogEnd = {
    ...{ userIds: purchases.userIds, itemIds, actions, catalogue: purchases.catalogue },
    ...{ vectors, behaviour, companions },
  };
  const total = {
    seconds: costs.reduce((sum, { seconds }) => sum + seconds, 0),
    cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMiB: peakMiB(),
  };
  return {
    models: sharesOf(costs),
    total,
    within: { seconds: total.seconds <= MOST_SECONDS, memory: total.peakMiB <= MOST_MIB },
    leftOut: Object.fromEntries(
      companions.flatMap(({ model, leftOut }) => (leftOut ? [[model, leftOut]] : [])),
    ),
    lists: await costOfLists(log),
    data: { items: itemCount, actions: actions.at.length, users: purchases.userIds.length },
  };
}

/** @throws SetupError if it is no number above 0 and at most 1 */
function shareOf(share = '1'): number {
  const value = Number(share);
  if (value > 0 && value <= 1) return value;
  throw new SetupError(`--share ${share} is no number above 0 and at most 1`, 'Name a share: --share 0.05');
}

/** Largest memory that this process has had. */
function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024);
}
