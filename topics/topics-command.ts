/** `npm run topics` and `tributary topics`: the commands to set up, watch and debug topics. */
import { Command, InvalidArgumentError } from 'commander';
import { runCommand } from './command.ts';
import { collectValues, positiveInteger, topicName, wholeNumber } from './command-line.ts';
import {
  type ApplyFlags,
  applyCommand,
  type CopyFlags,
  copyCommand,
  type DeadLetterFlags,
  deadLettersCommand,
  type JsonFlag,
  type LagFlags,
  lagCommand,
  listCommand,
  type PlanFlags,
  planCommand,
  type RequeueFlags,
  requeueCommand,
} from './commands.ts';
import { tailTopicCommand } from './tail-command.ts';

const CONNECTION_HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE name the cluster.
  Without KAFKA_BROKERS it is that of the running demo, and without a demo localhost:9092 and localhost:8081.

First steps:
  npm run topics -- list                                    which topics exist
  npm run topics -- tail actions --follow                   actions of users, as they arrive
  npm run topics -- lag                                     which stage is behind
  npm run topics -- dead-letters                            rejected messages by kind, with the remedy
`;

const REQUEUE_HELP = `
Each selected dead letter is produced to its source topic again, with its key, value and headers and the
header requeued-from. The letter itself stays; stages drop messages that they have handled already.

Examples:
  npm run topics -- requeue --dry-run
  npm run topics -- requeue --topic actions --code decode.schema-unknown --stage interests --from -1h
  npm run topics -- requeue --offset 17
`;

const COPY_HELP = `
Copies items, experiments, slates and actions, in the order of each key, up to where the topics end when it begins.
Run again, it goes on after what is copied, also if it was ended in the middle.

More partitions:
  TRIBUTARY_NAMESPACE=shop-12 npm run topics -- apply --user-partitions 12
  TRIBUTARY_NAMESPACE=shop npm run topics -- copy --to shop-12
`;

export function topicsCommand(): Command {
  const program = new Command('topics')
    .description('Sets up, watches and debugs the topics of one Tributary namespace.')
    .addHelpText('after', CONNECTION_HELP);

  program
    .command('plan')
    .description('show what apply would change')
    .option('--replication-factor <n>', 'replicas of each partition', positiveInteger)
    .option(
      '--user-partitions <n>',
      'partitions of each topic keyed by user, when they are created',
      positiveInteger,
    )
    .option('--retention <topic=days>', 'retention of one topic; may be repeated', collectValues)
    .option('--json', 'one JSON object a change')
    .action((flags: PlanFlags) => runCommand((context) => planCommand(context, flags)));

  program
    .command('apply')
    .description('create topics, set their configuration and register their schemas; safe to repeat')
    .option('--replication-factor <n>', 'replicas of each partition', positiveInteger)
    .option(
      '--user-partitions <n>',
      'partitions of each topic keyed by user, when they are created',
      positiveInteger,
    )
    .option('--retention <topic=days>', 'retention of one topic; may be repeated', collectValues)
    .option('--patience <seconds>', 'how long to wait for Kafka and the registry', positiveInteger)
    .option('--json', 'one JSON object a change')
    .action((flags: ApplyFlags) => runCommand((context) => applyCommand(context, flags)));

  program
    .command('list')
    .description('show the topics with their partitions and numbers of messages')
    .option('--json', 'one JSON object a topic')
    .action((flags: JsonFlag) => runCommand((context) => listCommand(context, flags)));

  program
    .command('lag')
    .description('show how far each consumer group is behind')
    .option('--json', 'one JSON object a line, with every partition')
    .option(
      '--watch [seconds]',
      'show again and again what each group reads, and how long each hop takes (default: 2)',
      positiveInteger,
    )
    .action((flags: LagFlags) => runCommand((context) => lagCommand(context, flags)));

  program
    .command('copy')
    .description(
      'copy what nothing else can be made from into another namespace, which may have more partitions',
    )
    .requiredOption('--to <namespace>', 'namespace whose topics exist')
    .option('--json', 'one JSON object a topic')
    .addHelpText('after', COPY_HELP)
    .action((flags: CopyFlags) => runCommand((context) => copyCommand(context, flags)));

  program.addCommand(tailTopicCommand());

  program
    .command('dead-letters')
    .description('count the rejected messages by kind, with the smallest example and how to send them back')
    .option('--from <position>', 'where to start, as in tail (default: beginning)')
    .option('--json', 'one JSON object a kind')
    .action((flags: DeadLetterFlags) => runCommand((context) => deadLettersCommand(context, flags)));

  program
    .command('requeue')
    .description('send dead letters back to their topics')
    .option('--topic <topic>', 'only letters from this topic', topicName)
    .option('--code <code>', 'only letters with this error code')
    .option('--stage <stage>', 'only letters that this stage rejected')
    .option('--offset <n>', 'only the letter at this offset', offsetNotTime)
    .option('--partition <n>', 'only letters in this partition of dead-letters', wholeNumber)
    .option('--from <position>', 'where to start, as in tail (default: beginning)')
    .option('-n, --limit <n>', 'stop after n letters', positiveInteger)
    .option('--dry-run', 'show the letters that would be sent')
    .option('--json', 'one JSON object a letter')
    .addHelpText('after', REQUEUE_HELP)
    .action((flags: RequeueFlags) => runCommand((context) => requeueCommand(context, flags)));

  return program;
}

/** An offset of a letter; a number of this size is a time in milliseconds. */
function offsetNotTime(text: string): number {
  const offset = wholeNumber(text);
  if (offset < 1e11) return offset;
  throw new InvalidArgumentError(`This looks like a time: did you mean --from ${text}?`);
}
