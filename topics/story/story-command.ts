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
import { DEFAULT_SINCE, noteOfStart } from './start-note.ts';

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
  const since = flags.since ?? flags.from;
  const from = parsePosition(since ?? DEFAULT_SINCE, Date.now());
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
  const note = noteOfStart(subject, entries.length, since);
  // Standard output of a story as JSON, or of one that goes on, has its messages only.
  if (entries.length === 0 && (json || flags.follow)) process.stderr.write(`${note}\n`);
  if (!flags.follow) {
    if (json) return;
    const summary = printer.summary(entries);
    const parts = [...(summary === '' ? [] : [`\n${summary}`]), ...(note === '' ? [] : [note])];
    if (parts.length > 0) await context.write(`${parts.join('\n')}\n`);
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
