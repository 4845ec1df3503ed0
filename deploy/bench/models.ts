import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { readInterestsConfig } from '../../services/interests/config.ts';
import { readProposeConfig } from '../../services/propose/config.ts';
import type { ListsForUsers } from '../../services/propose/proposers/proposer.ts';
import { PROPOSERS } from '../../services/propose/proposers/registry.ts';
import { judgeBehaviour, trainBehaviour } from '../../services/retrain/trainers/behaviour.ts';
import { trainCompanions } from '../../services/retrain/trainers/companion.ts';
import { COMPANIONS } from '../../services/retrain/trainers/registry.ts';
import { trainPinSage } from '../../services/retrain/training/train.ts';
import { DEFAULT_TRAIN_CONFIG } from '../../services/retrain/training/train-config.ts';
import { type Purchases, readPurchases } from '../data/purchases.ts';
import { interestRecords } from '../evaluate/served/interest-records.ts';
import type { LogEnd } from '../evaluate/served/log-end.ts';
import { modelsAt } from '../evaluate/served/proposals.ts';
import type { Figures } from '../figures/figures.ts';
import { RECIPE, trainingInput } from '../vectors/embeddings.ts';
import { type ModelCost, sharesOf } from './model-shares.ts';

/** Users whose lists are made, and users of a call, as the stage passes them. */
const USERS = 512;
const AT_A_TIME = 32;
const ROUNDS = 3;
const PINSAGE = 'pinsage';
const BEHAVIOUR = 'behaviour';

/**
 * What each model costs on completejourney's whole year: wall and processor time of its training with the share in that of all models,
 * the largest memory of the process until its end, and the processor time of a list for a user, by the code of the stages without Kafka.
 * The memory of one model contains that of the models before, because one process trains them all, as in the stage.
 */
export async function measure(): Promise<Figures> {
  const purchases = await readPurchases();
  const { itemIds, input } = trainingInput(purchases, {
    ...RECIPE,
    trainedShare: 1,
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
  return {
    models: sharesOf(costs),
    total: {
      seconds: costs.reduce((sum, { seconds }) => sum + seconds, 0),
      cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      peakMiB: peakMiB(),
    },
    leftOut: Object.fromEntries(
      companions.flatMap(({ model, leftOut }) => (leftOut ? [[model, leftOut]] : [])),
    ),
    lists: await costOfLists(log, purchases),
    data: { items: itemCount, actions: actions.at.length, users: purchases.userIds.length },
  };
}

/** Largest memory that this process has had. */
function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024);
}

/** Processor time of a list for a user, µs, by model; the least of the rounds. */
async function costOfLists(log: LogEnd, { userIds }: Pick<Purchases, 'userIds'>): Promise<Figures[]> {
  const users = new Set(Array.from({ length: Math.min(USERS, userIds.length) }, (_, user) => user));
  const records = [...interestRecords(log, users, readInterestsConfig()).values()];
  const names = PROPOSERS.map(({ name }) => name).join();
  const { forUsers } = modelsAt(log, readProposeConfig({ TRIBUTARY_PROPOSERS: names }));
  const rows: Figures[] = [];
  for (const model of forUsers) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await cpuOf(model, records));
    rows.push({ model: model.name, microseconds: Math.round(Math.min(...rounds)) });
  }
  return rows;
}

async function cpuOf(model: ListsForUsers, records: readonly UserInterests[]): Promise<number> {
  const { signal } = new AbortController();
  const before = process.cpuUsage();
  for (let from = 0; from < records.length; from += AT_A_TIME)
    await model.propose(records.slice(from, from + AT_A_TIME), signal);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Math.max(1, records.length);
}
