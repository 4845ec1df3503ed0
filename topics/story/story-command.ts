/** The story of one user or one item: all their messages in order of cause. */
import { TributaryError } from '#contracts/errors.ts';
import type { CommandContext } from '../command.ts';
import { clientsOf } from '../commands.ts';
import { parseGrep } from '../filter.ts';
import { parsePosition } from '../positions.ts';
import { Causes, inOrderOfCause } from './causes.ts';
import type { LinkedEntry } from './entry.ts';
import { followStory, readStory, readTitles, type Subject } from './read-story.ts';
import { StoryPrinter } from './render-story.ts';

export interface StoryFlags {
  readonly since?: string;
  readonly from?: string;
  readonly follow?: boolean;
  readonly grep?: string;
  /** Only entries of this trace, given by its first digits. */
  readonly trace?: string;
  readonly json?: boolean;
  /** Default true. False leaves the catalogue unread. */
  readonly titles?: boolean;
}

const DEFAULT_SINCE = '-1h';

/** @throws TributaryError `topics.option`, and the errors of `readTopic` */
export async function storyCommand(
  context: CommandContext,
  subject: Subject,
  flags: StoryFlags,
): Promise<void> {
  const { grep, trace, json = false } = flags;
  const pattern = grep === undefined ? undefined : parseGrep(grep);
  if (trace !== undefined && !/^[0-9a-f]{1,32}$/.test(trace))
    throw new TributaryError(
      'topics.option',
      `--trace “${trace}”: write the first digits of a trace id, such as 4bf92f35.`,
    );
  const clients = clientsOf(context);
  const from = parsePosition(flags.since ?? flags.from ?? DEFAULT_SINCE, Date.now());
  const options = { ...clients, subject, from };

  const [{ entries, next }, titles] = await Promise.all([
    readStory(options),
    flags.titles === false || json ? new Map<string, string>() : readTitles(clients),
  ]);

  const printer = new StoryPrinter(titles);
  const isChosen = ({ entry }: LinkedEntry): boolean =>
    trace === undefined || (entry.trace?.startsWith(trace) ?? false);
  const print = async (linked: LinkedEntry): Promise<void> => {
    const line = json ? printer.json(linked) : printer.text(linked);
    if (isChosen(linked) && (pattern?.test(line) ?? true)) await context.write(`${line}\n`);
  };
  for (const entry of entries) printer.expect(entry);
  for (const linked of inOrderOfCause(entries)) await print(linked);
  if (!flags.follow) {
    const summary = json ? '' : printer.summary(entries);
    const none = json || entries.length > 0 ? '' : nothingOf(subject, flags);
    if (summary !== '' || none !== '') await context.write(`${summary === '' ? none : `\n${summary}`}\n`);
    return;
  }

  const causes = new Causes();
  for (const entry of entries) causes.add(entry);
  await followStory(options, next, async (entry) => {
    printer.expect(entry);
    causes.add(entry);
    await print({ entry, ...causes.causeOf(entry) });
  });
}

function nothingOf(subject: Subject, flags: StoryFlags): string {
  const who = 'userId' in subject ? `user ${subject.userId}` : `item ${subject.itemId}`;
  return `The log has nothing of ${who} since ${flags.since ?? flags.from ?? DEFAULT_SINCE}: try an earlier --since, such as -7d or beginning.`;
}
