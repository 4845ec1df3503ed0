/** `npm run topics`: the command line to set up, watch and debug topics. */
import { Command, InvalidArgumentError } from 'commander';
import { TOPICS, type TopicName } from './catalog.ts';
import { runCommand } from './command.ts';
import {
  applyCommand,
  type LagFlags,
  lagCommand,
  listCommand,
  type PlanFlags,
  planCommand,
  type RequeueFlags,
  requeueCommand,
  type TailFlags,
  tailCommand,
} from './commands.ts';

const CONNECTION_HELP = `
Connection:
  KAFKA_BROKERS, SCHEMA_REGISTRY_URL and TRIBUTARY_NAMESPACE name the cluster.
  Without KAFKA_BROKERS it is that of the running demo, and without a demo localhost:9092 and localhost:8081.

First steps:
  npm run topics -- list                                    which topics exist
  npm run topics -- tail actions --follow                   actions of users, as they arrive
  npm run topics -- lag                                     which stage is behind
  npm run topics -- tail dead-letters                       rejected messages, with the reason
`;

const TAIL_HELP = `
Topics: ${TOPICS.map(({ name }) => name).join(', ')}

Where to start (--from):
  beginning, end, last:10 (of each partition), -30s, -5m, -2h, -1d,
  1042 or offset:1042 (that offset in each partition),
  2026-03-01T12:00Z, 2026-03-01 (UTC), 1772366400000 (milliseconds since 1970)

Filters (--filter, all must match):
  field=value  field!=value  field>1  field<1  field>=1  field<=1  field~regex  field!~regex
  A path enters records and lists: slots.itemId=7 matches if any slot shows 7, slots.itemId!=7 if none does.
  Times may be written as 2026-03-01T12:00Z.

Examples:
  npm run topics -- tail actions --key 2375 --from beginning
  npm run topics -- tail rewards --from -1h --filter 'reward>0'
  npm run topics -- tail slates --follow --filter 'slots.models~^medoid'
  npm run topics -- tail embeddings --limit 1 --full
  npm run topics -- tail actions --from -5m --json | jq .value.itemId
`;

const REQUEUE_HELP = `
Each selected dead letter is produced to its source topic again, with its key, value and headers and the
header requeued-from. The letter itself stays; stages drop messages that they have handled already.

Examples:
  npm run topics -- requeue --dry-run
  npm run topics -- requeue --topic actions --code decode.schema-unknown --from -1h
  npm run topics -- requeue --offset 17
`;

const program = new Command('topics')
  .description('Sets up, watches and debugs the topics of one Tributary namespace.')
  .addHelpText('after', CONNECTION_HELP)
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(use --help to list commands and options)');

program
  .command('plan')
  .description('show what apply would change')
  .option('--replication-factor <n>', 'replicas of each partition', positiveInteger)
  .option('--retention <topic=days>', 'retention of one topic; may be repeated', collect)
  .action((flags: PlanFlags) => runCommand((context) => planCommand(context, flags)));

program
  .command('apply')
  .description('create topics, set their configuration and register their schemas; safe to repeat')
  .option('--replication-factor <n>', 'replicas of each partition', positiveInteger)
  .option('--retention <topic=days>', 'retention of one topic; may be repeated', collect)
  .action((flags: PlanFlags) => runCommand((context) => applyCommand(context, flags)));

program
  .command('list')
  .description('show the topics with their partitions and numbers of messages')
  .action(() => runCommand(listCommand));

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
  .command('tail')
  .description('show messages of a topic, decoded')
  .argument('<topic>', 'a topic, without the namespace', topicName)
  .option('--from <position>', 'where to start (default: last:5)')
  .option('-f, --follow', 'continue with new messages; without it, stop at the current end offsets')
  .option('-n, --limit <n>', 'stop after n messages', positiveInteger)
  .option('--key <key>', 'only messages with this key')
  .option('--partition <n>', 'only this partition', wholeNumber)
  .option('--filter <condition>', 'only messages that match; may be repeated', collect)
  .option('--json', 'one JSON object a line')
  .option('--full', 'whole vectors, lists, ids and bytes')
  .addHelpText('after', TAIL_HELP)
  .action((topic: TopicName, flags: TailFlags) =>
    runCommand((context) => tailCommand(context, topic, flags)),
  );

program
  .command('requeue')
  .description('send dead letters back to their topics')
  .option('--topic <topic>', 'only letters from this topic', topicName)
  .option('--code <code>', 'only letters with this error code')
  .option('--offset <n>', 'only the letter at this offset', wholeNumber)
  .option('--partition <n>', 'only letters in this partition of dead-letters', wholeNumber)
  .option('--from <position>', 'where to start, as in tail (default: beginning)')
  .option('-n, --limit <n>', 'stop after n letters', positiveInteger)
  .option('--dry-run', 'show the letters that would be sent')
  .addHelpText('after', REQUEUE_HELP)
  .action((flags: RequeueFlags) => runCommand((context) => requeueCommand(context, flags)));

await program.parseAsync();

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

function positiveInteger(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function topicName(text: string): TopicName {
  const known = TOPICS.find(({ name }) => name === text);
  if (known === undefined) {
    throw new InvalidArgumentError(`The topics are ${TOPICS.map(({ name }) => name).join(', ')}.`);
  }
  return known.name;
}
