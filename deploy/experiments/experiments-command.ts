/** `npm run experiments`: the commands that start, read and end experiments. */
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  EXPERIMENT_LEARNINGS,
  type ExperimentArm,
  type ExperimentLearning,
} from '#contracts/generated/records.ts';
import { parseArm } from '#operations/experiments/decide.ts';
import { runCommand } from '#topics/command.ts';
import type { JsonFlag } from '#topics/commands.ts';
import {
  listExperiments,
  promoteArm,
  reportExperiment,
  startExperiment,
  stopExperiment,
} from './commands.ts';

const HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE say which cluster is meant.
  Without KAFKA_BROKERS it is the running demo, and without a demo localhost:9092 and localhost:8081.

Example:
  npm run experiments -- start autumn control new=greedy
  npm run experiments -- start winter control bold=plackett-luce --learning apart
  npm run experiments -- report autumn
  npm run experiments -- promote autumn new
`;

export function experimentsCommand(): Command {
  const program = new Command('experiments')
    .description('Divides users among bandit policies, and compares what they earn.')
    .addHelpText('after', HELP);

  program
    .command('start')
    .description('divide the users by a hash of their id; the first arm is the control')
    .argument('<name>')
    .argument(
      '<arms...>',
      'name=policy:share; without a policy that which rerank is set to, shares are 1',
      addArm,
    )
    .addOption(
      new Option(
        '--learning <how>',
        'whether each arm learns from the rewards of all arms, or apart from them',
      )
        .choices(EXPERIMENT_LEARNINGS)
        .default('shared'),
    )
    .option('--json', 'the experiment as one JSON object')
    .action((name: string, arms: ExperimentArm[], flags: JsonFlag & { learning: ExperimentLearning }) =>
      runCommand((context) => startExperiment(context, { name, arms, learning: flags.learning }, flags)),
    );

  program
    .command('report')
    .description('what each arm earned, with intervals that stay valid when they are read daily')
    .argument('[name]', 'the experiment that started last by default')
    .option('--json', 'one JSON object')
    .action((name: string | undefined, flags: JsonFlag) =>
      runCommand((context) => reportExperiment(context, name, flags)),
    );

  program
    .command('stop')
    .description('end an experiment, or take its promoted arm back: the set policy serves everybody again')
    .argument('<name>')
    .option('--json', 'the experiment as one JSON object')
    .action((name: string, flags: JsonFlag) => runCommand((context) => stopExperiment(context, name, flags)));

  program
    .command('promote')
    .description('serve the policy of one arm to everybody')
    .argument('<name>')
    .argument('<arm>')
    .option('--json', 'the experiment as one JSON object')
    .action((name: string, arm: string, flags: JsonFlag) =>
      runCommand((context) => promoteArm(context, name, arm, flags)),
    );

  program
    .command('list')
    .description('show all experiments, the newest first')
    .option('--json', 'one JSON object a line')
    .action((flags: JsonFlag) => runCommand((context) => listExperiments(context, flags)));

  return program;
}

function addArm(text: string, earlier: readonly ExperimentArm[] | undefined): readonly ExperimentArm[] {
  try {
    return [...(earlier ?? []), parseArm(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
