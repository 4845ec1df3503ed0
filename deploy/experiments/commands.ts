/** The commands of `npm run experiments`: each reads the log and returns printed lines. */
import { ExperimentBook } from '#contracts/domain/experiments.ts';
import type { Experiment } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { changeExperiment, experimentRefused } from '#operations/experiments/change-experiment.ts';
import {
  consequenceOf,
  decidePromotion,
  decideStart,
  decideStop,
  type ExperimentDecision,
  type StartWish,
  unknownExperiment,
} from '#operations/experiments/decide.ts';
import { type ExperimentLog, readExperiments, readOutcomes } from '#operations/experiments/experiment-log.ts';
import {
  mayBeFixedOrders,
  readLateColumns,
  reasonAgainstOrder,
} from '#operations/experiments/fixed-orders.ts';
import { reportOf } from '#operations/experiments/report.ts';
import type { CommandContext } from '#topics/command.ts';
import type { JsonFlag } from '#topics/commands.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { readRerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { renderReport } from './render-report.ts';

export async function listExperiments(context: CommandContext, { json }: JsonFlag): Promise<void> {
  const { declared } = await readExperiments(logOf(context));
  const lines = declared.map((one) => (json ? JSON.stringify(one) : describe(one)));
  await context.write(`${lines.length > 0 || json ? lines.join('\n') : 'There was no experiment yet.'}\n`);
}

/**
 * @throws TributaryError `experiment.refused` with the reason, before anything is written: among others a fixed order by a feature that no
 *   slate had lately
 */
export async function startExperiment(
  context: CommandContext,
  wish: StartWish,
  flags: JsonFlag = {},
): Promise<void> {
  const config = readRerankConfig();
  const isOrdered = mayBeFixedOrders(wish.arms.map(({ policy }) => policy));
  const late = isOrdered ? await readLateColumns(logOf(context)) : undefined;
  const reasonAgainst = (policy: string) => {
    const selected = selectArmPolicy(policy, config);
    if ('reason' in selected) return selected.reason;
    return late && reasonAgainstOrder(selected.label, late);
  };
  await declare(context, flags, (book) => decideStart(book, wish, reasonAgainst, Date.now()));
}

/** @throws TributaryError as `startExperiment` does */
export async function stopExperiment(
  context: CommandContext,
  name: string,
  flags: JsonFlag = {},
): Promise<void> {
  await declare(context, flags, (book) => decideStop(book, name, Date.now()));
}

/** @throws TributaryError as `startExperiment` does */
export async function promoteArm(
  context: CommandContext,
  name: string,
  arm: string,
  flags: JsonFlag = {},
): Promise<void> {
  await declare(context, flags, (book) => decidePromotion(book, name, arm, Date.now()));
}

/**
 * @param name of the experiment; the one that started last by default
 * @throws TributaryError `experiment.refused` if there is none
 */
export async function reportExperiment(
  context: CommandContext,
  name: string | undefined,
  { json }: JsonFlag,
): Promise<void> {
  const log = logOf(context);
  const book = await readExperiments(log);
  const experiment = name === undefined ? book.declared[0] : book.get(name);
  if (experiment === undefined)
    throw experimentRefused(
      name === undefined ? 'There was no experiment yet.' : unknownExperiment(book, name),
    );
  const report = reportOf(experiment, await readOutcomes(log, experiment));
  await context.write(`${json ? JSON.stringify(report) : renderReport(report)}\n`);
}

async function declare(
  context: CommandContext,
  { json }: JsonFlag,
  decide: (book: ExperimentBook) => ExperimentDecision,
): Promise<void> {
  let book = new ExperimentBook();
  const changed = await changeExperiment(logOf(context), (read) => {
    book = read;
    return decide(read);
  });
  book.declare(changed.name, changed);
  const consequence = consequenceOf(book, changed);
  const lines = json ? [JSON.stringify(changed)] : [describe(changed), ...(consequence ? [consequence] : [])];
  await context.write(`${lines.join('\n')}\n`);
}

function describe({ name, state, arms, promoted }: Experiment): string {
  const listed = arms
    .map((arm) => `${arm.name} ${arm.share} by ${arm.policy || 'the set policy'}`)
    .join(', ');
  return `${name} is ${state}${promoted === null ? '' : ` (${promoted})`}: ${listed}`;
}

function logOf({ kafka, config: { registryUrl, namespace } }: CommandContext): ExperimentLog {
  return { kafka, namespace, codec: createTopicCodec(createRegistry({ url: registryUrl }), namespace) };
}
