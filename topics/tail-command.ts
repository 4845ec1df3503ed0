/** The command `tail` of one topic. */
import { Command } from 'commander';
import { TOPICS, type TopicName } from './catalog.ts';
import { runCommand } from './command.ts';
import { collectValues, positiveInteger, topicName, wholeNumber } from './command-line.ts';
import { type TailFlags, tailCommand } from './commands.ts';

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
  npm run topics -- tail releases --latest-per-key
  npm run topics -- tail slates --since -1h --header 'traceparent~^00-4bf92f35'
`;

export function tailTopicCommand(): Command {
  return addTailOptions(
    new Command('tail')
      .description('show messages of a topic, decoded')
      .argument('<topic>', 'a topic, without the namespace', topicName),
  )
    .addHelpText('after', TAIL_HELP)
    .action((topic: TopicName, flags: TailFlags) =>
      runCommand((context) => tailCommand(context, topic, flags)),
    );
}

/** Adds the options of TailFlags. */
export function addTailOptions(command: Command): Command {
  return command
    .option('--from <position>', 'where to start (default: last:5)')
    .option('--since <position>', 'another name of --from')
    .option('-f, --follow', 'continue with new messages; without it, stop at the current end offsets')
    .option('-n, --limit <n>', 'stop after n messages', positiveInteger)
    .option('--key <key>', 'only messages with this key')
    .option('--partition <n>', 'only this partition', wholeNumber)
    .option('--filter <condition>', 'only messages that match; may be repeated', collectValues)
    .option(
      '--header <condition>',
      'only messages with this header, or a condition on it; may be repeated',
      collectValues,
    )
    .option('--grep <pattern>', 'only printed lines that match this regular expression')
    .option('--latest-per-key', 'only the newest message of each key (default start: beginning)')
    .option('--json', 'one JSON object a line, whole')
    .option('--full', 'whole vectors, lists, ids and bytes');
}
