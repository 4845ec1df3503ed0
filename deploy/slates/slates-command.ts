/** `npm run slates`: the commands that make logged slates again and judge other policies by them. */
import { Command } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import { createRegistry } from '#contracts/registry.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { parsePosition } from '#topics/positions.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { readRerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { judgeFile } from '../evaluate/ope/judge-file.ts';
import { type Figures, render } from '../figures/figures.ts';
import { judgeLog } from './judge-log.ts';
import { PastPosteriors } from './past-posteriors.ts';
import { replaySlate } from './replay.ts';
import {
  candidatesMissing,
  readCandidateSets,
  readRewards,
  readSlates,
  type SlateLog,
  settledSlates,
} from './slate-log.ts';

interface SlatesFlags {
  readonly since: string;
  readonly json?: boolean;
}

interface JudgeFlags extends SlatesFlags {
  readonly file?: string;
}

const HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE say which cluster is meant.
  Without KAFKA_BROKERS it is the running demo, and without a demo localhost:9092 and localhost:8081.

TRIBUTARY_RERANK_CANDIDATES_SHARE of rerank says for which share of the slates all candidates are logged; both commands
need them, and the other settings of rerank as the stage has them.
`;

export function slatesCommand(): Command {
  const program = new Command('slates')
    .description('Makes logged slates again, and judges other policies by them.')
    .addHelpText('after', HELP);
  const since = ['--since <position>', 'where reading begins: beginning, -7d, a time', 'beginning'] as const;

  program
    .command('replay')
    .description(
      'make a logged slate again from its candidates and the posterior of its time, and compare it to the bit',
    )
    .argument('<slateId>')
    .option(...since)
    .option('--json', 'one JSON object on the last line')
    .action((slateId: string, flags: SlatesFlags) =>
      runCommand((context) => replay(context, slateId, flags)),
    );

  program
    .command('judge')
    .description('estimate what another policy would have earned, without letting it loose')
    .argument('[policy]', 'as slates name it, such as greedy or thompson(draws=8)')
    .option(...since)
    .option(
      '--file <path>',
      'a log of JSON lines that has the propensities of both policies, instead of the topics',
    )
    .option('--json', 'one JSON object on the last line')
    .action((policy: string | undefined, flags: JudgeFlags) =>
      runCommand((context) => judge(context, policy, flags)),
    );

  return program;
}

/** @throws TributaryError `slate.unknown` without the slate or its candidates, `replay.impossible` with the reason */
async function replay(context: CommandContext, slateId: string, { since, json }: SlatesFlags): Promise<void> {
  const log = logOf(context);
  const from = parsePosition(since, Date.now());
  const slate = (await readSlates(log, from, new Set([slateId]))).get(slateId);
  if (slate === undefined) throw new TributaryError('slate.unknown', `The log has no slate ${slateId}.`);
  const sets = await readCandidateSets(log, from);
  const set = sets.get(slateId);
  if (set === undefined) throw new TributaryError('replay.impossible', candidatesMissing(slateId, sets));
  const config = readRerankConfig();
  const posterior = new PastPosteriors(await readRewards(log), config).at(set.rewardOffsets, slate.learner);
  const replayed = replaySlate(slate, set, posterior, config);
  if ('reason' in replayed)
    throw new TributaryError(
      'replay.impossible',
      `Slate ${slateId} cannot be made again: ${replayed.reason}.`,
    );
  const { differences } = replayed;
  const slots = replayed.slate.slots.map(({ itemId, score, propensity, conditional }, slot) => ({
    slot,
    itemId,
    score,
    propensity,
    conditional,
  }));
  const isSame = differences.length === 0;
  const { policy, learner, posteriorId } = slate;
  const answer = { slateId, policy, learner, posteriorId, isSame, differences, slots };
  await context.write(`${render(answer)}\n${json ? `${JSON.stringify(answer)}\n` : ''}`);
  if (!isSame)
    throw new TributaryError('replay.impossible', `Slate ${slateId} is not the same: ${differences[0]}.`);
}

/** @throws TributaryError `topics.option` for an unknown policy or none, `replay.impossible` without slates to judge by */
async function judge(
  context: CommandContext,
  policy: string | undefined,
  { since, file, json }: JudgeFlags,
): Promise<void> {
  const figures = file === undefined ? await judgeTopics(context, policy, since) : judgeFile(file);
  await context.write(`${render(figures)}\n${json ? `${JSON.stringify(figures)}\n` : ''}`);
}

async function judgeTopics(
  context: CommandContext,
  policy: string | undefined,
  since: string,
): Promise<Figures> {
  if (policy === undefined)
    throw new TributaryError(
      'topics.option',
      'Name the policy to judge, such as greedy, or a log with --file.',
    );
  const log = logOf(context);
  const from = parsePosition(since, Date.now());
  const config = readRerankConfig();
  const selected = selectArmPolicy(policy, config);
  if ('reason' in selected) throw new TributaryError('topics.option', `${policy}: ${selected.reason}.`);
  const sets = await readCandidateSets(log, from);
  const rewards = await readRewards(log);
  const slates = await readSlates(log, from, new Set(sets.keys()));
  const { settled, waiting, leftOut } = settledSlates(sets, slates, rewards);
  if (settled.length === 0)
    throw new TributaryError(
      'replay.impossible',
      `The log has no slate with its candidates and its rewards: ${sets.size} slates have candidates, of which ${waiting} wait for their rewards.`,
    );
  const figures = judgeLog(settled, new PastPosteriors(rewards, config), policy, config);
  return { ...figures, waiting, leftOut };
}

function logOf({ kafka, config: { registryUrl, namespace } }: CommandContext): SlateLog {
  return { kafka, namespace, codec: createTopicCodec(createRegistry({ url: registryUrl }), namespace) };
}
