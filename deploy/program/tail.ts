/** `tributary tail`: one topic as `topics tail` shows it, or the story of a user or an item. */
import { Command } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import type { TopicName } from '#topics/catalog.ts';
import { runCommand } from '#topics/command.ts';
import { topicName } from '#topics/command-line.ts';
import { type TailFlags, tailCommand } from '#topics/commands.ts';
import type { Subject } from '#topics/story/read-story.ts';
import { type StoryFlags, storyCommand } from '#topics/story/story-command.ts';
import { addTailOptions } from '#topics/tail-command.ts';

interface Flags extends TailFlags, StoryFlags {
  readonly user?: string;
  readonly item?: string;
  readonly from?: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly grep?: string;
  readonly follow?: boolean;
}

/** Options that the story does not have. */
const OF_TOPIC = ['limit', 'key', 'partition', 'filter', 'header', 'latestPerKey', 'full'] as const;

const HELP = `
With --user or --item the messages of all topics are shown in order of cause, with the time of each step:
  tributary tail --user 900                        the last hour
  tributary tail --user 900 --since -7d --follow   the last week, and then what happens
  tributary tail --item 1082185 --since beginning  who acted on it, who was shown it, and what that earned
  tributary tail --user 900 --trace 4bf92f35       what belongs to one trace
With a topic, its messages are shown as \`tributary topics tail\` does.
`;

export function tailCommandOfProgram(): Command {
  const command = new Command('tail').argument('[topic]', 'a topic, without the namespace', topicName);
  return addTailOptions(command)
    .option('--user <id>', 'the story of this user across all topics (default start: -1h)')
    .option('--item <id>', 'the story of this item across all topics (default start: -1h)')
    .option('--trace <id>', 'of the story only what belongs to this trace; its first digits suffice')
    .option('--no-titles', 'leave the catalogue unread; ids stand for titles')
    .addHelpText('after', HELP)
    .action((topic: TopicName | undefined, flags: Flags) =>
      runCommand((context) => {
        const subject = subjectOf(topic, flags);
        return subject === undefined
          ? tailCommand(context, topic!, topicFlags(flags))
          : storyCommand(context, subject, flags);
      }),
    );
}

function topicFlags({ user: _, item: __, trace: ___, titles: ____, ...flags }: Flags): TailFlags {
  return flags;
}

/** @throws TributaryError `topics.option` unless exactly one of topic, user and item is named */
function subjectOf(topic: TopicName | undefined, flags: Flags): Subject | undefined {
  const { user, item } = flags;
  if ([topic, user, item].filter((word) => word !== undefined).length !== 1)
    throw new TributaryError(
      'topics.option',
      'tail: name a topic, or --user ID, or --item ID, and only one of them.',
    );
  if (topic !== undefined) return undefined;
  const strange = OF_TOPIC.find((name) => flags[name] !== undefined);
  if (strange !== undefined) {
    const option = strange.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new TributaryError(
      'topics.option',
      `tail: --${option} selects messages of one topic: leave out --user and --item, or use --grep.`,
    );
  }
  return user !== undefined ? { userId: user } : { itemId: item! };
}
