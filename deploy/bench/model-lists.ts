import { isOnRequest } from '#contracts/domain/asked-lists.ts';
import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { readInterestsConfig } from '../../services/interests/config.ts';
import { readProposeConfig } from '../../services/propose/config.ts';
import type { ListsForUsers } from '../../services/propose/proposers/proposer.ts';
import { PROPOSERS } from '../../services/propose/proposers/registry.ts';
import { ItemFacts } from '../../services/rerank/availability/item-facts.ts';
import { readRerankConfig } from '../../services/rerank/config.ts';
import type { Pool } from '../../services/rerank/pools/pool.ts';
import { interestRecords } from '../evaluate/served/interest-records.ts';
import { itemRecords, type LogEnd } from '../evaluate/served/log-end.ts';
import { modelsAt, proposalsFor } from '../evaluate/served/proposals.ts';
import type { Figures } from '../figures/figures.ts';
import { sharesOfWhole } from './model-shares.ts';
import { slateComposer } from './slate-composer.ts';

/** Users whose lists are made, and users of a call, as the stage passes them. */
const USERS = 512;
const AT_A_TIME = 32;
const ROUNDS = 3;
const POLICY = 'thompson';

/**
 * Processor time of an action and of a slate by model, µs, with its share in that of all models. An action makes the list of each model for its user,
 * and a list for everyone costs an action nothing. The slate of a user is composed of the lists of all models, and again without those of one: the
 * difference is what the model costs a slate. Lists that a request must ask for are in none of these slates. The least of several rounds counts.
 */
export async function costOfLists(log: LogEnd): Promise<Figures[]> {
  const { userIds } = log;
  const users = new Set(Array.from({ length: Math.min(USERS, userIds.length) }, (_, user) => user));
  const records = [...interestRecords(log, users, readInterestsConfig()).values()];
  const names = PROPOSERS.map(({ name }) => name).join();
  const models = modelsAt(log, readProposeConfig({ TRIBUTARY_PROPOSERS: names }));
  const actions = new Map<string, number>();
  for (const model of models.forUsers) actions.set(model.name, await least(() => cpuOfLists(model, records)));
  const proposals = [...(await proposalsFor(models, records)).values()].map((own) =>
    own.filter(({ model }) => !isOnRequest(model)),
  );
  const compose = composerOf(log);
  const slateOf = (without?: string) => least(() => cpuOfSlates(proposals, compose, without));
  // The first slates run code that is not compiled yet.
  await slateOf();
  const whole = await slateOf();
  const slates = new Map<string, number>();
  for (const { name } of [...models.forUsers, ...models.forEveryone])
    slates.set(name, isOnRequest(name) ? 0 : Math.max(0, whole - (await slateOf(name))));
  const [ofActions, ofSlates] = [sharesOfWhole(actions), sharesOfWhole(slates)];
  return [...slates.keys()].map((model) => ({
    model,
    microsecondsOfAction: Math.round(actions.get(model) ?? 0),
    shareOfAction: ofActions.get(model) ?? 0,
    microsecondsOfSlate: Math.round(slates.get(model)!),
    shareOfSlate: ofSlates.get(model)!,
  }));
}

function composerOf(log: LogEnd) {
  const facts = new ItemFacts();
  for (const item of itemRecords(log)) facts.apply(item.itemId, item);
  const source = {
    version: 1,
    kindOf: (itemId: string) => facts.kindOf(itemId),
    termsOf: (itemId: string) => facts.termsOf(itemId),
  };
  return slateComposer(POLICY, readRerankConfig().ofOneKind, source);
}

async function least(measured: () => Promise<number>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measured());
  return Math.min(...rounds);
}

async function cpuOfLists(model: ListsForUsers, records: readonly UserInterests[]): Promise<number> {
  const { signal } = new AbortController();
  const before = process.cpuUsage();
  for (let from = 0; from < records.length; from += AT_A_TIME)
    await model.propose(records.slice(from, from + AT_A_TIME), signal);
  return microsecondsSince(before, records.length);
}

/** Each pool is a new one, as after an action, so that its candidates are prepared within the time. */
async function cpuOfSlates(
  proposals: readonly (readonly ModelProposal[])[],
  compose: (pool: Pool, slate: number) => number,
  without: string | undefined,
): Promise<number> {
  const pools = proposals.map((own) => poolOf(own.filter(({ model }) => model !== without)));
  const before = process.cpuUsage();
  pools.forEach(compose);
  return microsecondsSince(before, pools.length);
}

function poolOf(proposals: readonly ModelProposal[]): Pool {
  return {
    proposals: proposals.map(columnsOfModel),
    generation: null,
    interestsVersion: 1,
    recent: new Set(proposals.flatMap(({ recent }) => recent)),
    lastReceivedAt: 0,
  };
}

function microsecondsSince(before: NodeJS.CpuUsage, count: number): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / Math.max(1, count);
}
