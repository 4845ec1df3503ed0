/** `tributary users`: what the log and the stages know of one user. */
import { Command } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { clientsOf } from '#topics/commands.ts';
import { formatTime, printable } from '#topics/format.ts';
import { parsePosition } from '#topics/positions.ts';
import { inOrderOfCause } from '#topics/story/causes.ts';
import { actionOf, interestsRecordOf, type StoryEntry, slateOf } from '#topics/story/entry.ts';
import { readStory, readTitles } from '#topics/story/read-story.ts';
import { StoryPrinter } from '#topics/story/render-story.ts';
import { describeChoice } from './describe-choice.ts';
import { nothingOf } from './nothing-of.ts';

interface UserFlags {
  readonly since: string;
  readonly json?: boolean;
}

const ID = ['<id>', 'id of the user'] as const;

export function showUserCommand(): Command {
  return new Command('show')
    .argument(...ID)
    .option('--since <position>', 'from where in the log, as in tail', 'beginning')
    .option('--json', 'one JSON object')
    .action((userId: string, flags: UserFlags) => runCommand((context) => show(context, userId, flags)));
}

export function explainUserCommand(): Command {
  return new Command('explain')
    .argument(...ID)
    .option('--since <position>', 'from where in the log, as in tail', 'beginning')
    .option('--json', 'one JSON object')
    .action((userId: string, flags: UserFlags) =>
      runCommand((context) => explainUser(context, userId, flags)),
    );
}

export function exportUserCommand(): Command {
  return new Command('export')
    .argument(...ID)
    .option('--since <position>', 'from where in the log, as in tail', 'beginning')
    .option('--json', 'one JSON object a message; there is no other form')
    .action((userId: string, flags: UserFlags) =>
      runCommand((context) => exportUser(context, userId, flags)),
    );
}

async function entriesOf(
  context: CommandContext,
  userId: string,
  { since }: UserFlags,
): Promise<StoryEntry[]> {
  const from = parsePosition(since, Date.now());
  const { entries } = await readStory({ ...clientsOf(context), subject: { userId }, from });
  if (entries.length === 0) throw new TributaryError('user.unknown', nothingOf(`user ${userId}`, since));
  return entries;
}

async function show(context: CommandContext, userId: string, flags: UserFlags): Promise<void> {
  const entries = await entriesOf(context, userId, flags);
  const actions = entries.filter((entry) => actionOf(entry) !== undefined);
  const interests = newest(entries, (entry) => interestsRecordOf(entry));
  const slate = newest(entries, (entry) => slateOf(entry));
  if (flags.json) {
    const counts = Object.fromEntries(
      Array.from(
        Map.groupBy(entries, ({ topic }) => topic),
        ([topic, all]) => [topic, all.length],
      ),
    );
    await context.write(
      `${JSON.stringify({ userId, messages: counts, interests: interests ?? null, slate: slate ?? null })}\n`,
    );
    return;
  }
  const titles = await readTitles(clientsOf(context));
  const named = (itemId: string): string =>
    `${printable(itemId)}${titles.has(itemId) ? ` “${printable(titles.get(itemId)!)}”` : ''}`;
  const last = actions.toSorted((a, b) => b.at - a.at).slice(0, 5);
  const total = interests?.medoids.reduce((sum, { importance }) => sum + importance, 0) ?? 0;
  const lines = [
    `User ${printable(userId)}: ${actions.length} actions in the log, a window of ${interests?.windowSize ?? 0}`,
    'Last actions',
    ...last.map(
      (entry) =>
        `  ${formatTime(actionOf(entry)!.occurredAt)}  ${actionOf(entry)!.type} ${named(actionOf(entry)!.itemId)}`,
    ),
    `Interests${interests === undefined ? ': none yet' : ` (version ${interests.version}, generation ${interests.generation ?? 'none yet'})`}`,
    ...(interests?.medoids ?? []).map(
      ({ itemId, importance, size }) =>
        `  ${((100 * importance) / total).toFixed(1).padStart(5)}%  ${named(itemId)} (${size} action${size === 1 ? '' : 's'})`,
    ),
    `Last slate${slate === undefined ? ': none yet' : ` (${printable(slate.slateId)}, ${formatTime(slate.servedAt)})`}`,
    ...(slate?.slots ?? []).map(
      ({ itemId, models, propensity }, slot) =>
        `  ${slot + 1}. ${named(itemId)} from ${models.join('+')}, p=${propensity.toPrecision(3)}`,
    ),
  ];
  await context.write(`${lines.join('\n')}\n`);
}

async function explainUser(context: CommandContext, userId: string, flags: UserFlags): Promise<void> {
  const entries = await entriesOf(context, userId, flags);
  const slate = newest(entries, (entry) => slateOf(entry));
  const titles = flags.json ? new Map<string, string>() : await readTitles(clientsOf(context));
  const printer = new StoryPrinter(titles);
  for (const entry of entries) printer.expect(entry);
  const linked = inOrderOfCause(entries);
  const chain =
    slate === undefined
      ? linked.slice(-3)
      : linked.filter(({ entry }) => isOfSlate(entry, slate.interestsVersion, slate.slateId));
  if (flags.json) {
    await context.write(
      `${JSON.stringify({ userId, chain: chain.map((one) => JSON.parse(printer.json(one)) as unknown), slate: slate === undefined ? null : describeChoice(slate, titles).facts })}\n`,
    );
    return;
  }
  await context.write(`${chain.map((one) => printer.text(one)).join('\n')}\n`);
  if (slate !== undefined) await context.write(`\n${describeChoice(slate, titles).text}\n`);
}

function isOfSlate(entry: StoryEntry, version: number, slateId: string): boolean {
  if (actionOf(entry) !== undefined) return entry.offset === version;
  const named = (entry.value ?? {}) as { readonly version?: number; readonly slateId?: string };
  return named.slateId === slateId || (entry.topic !== 'actions' && named.version === version);
}

async function exportUser(context: CommandContext, userId: string, flags: UserFlags): Promise<void> {
  const entries = await entriesOf(context, userId, flags);
  const printer = new StoryPrinter(new Map());
  for (const entry of entries) printer.expect(entry);
  for (const linked of inOrderOfCause(entries)) await context.write(`${printer.json(linked)}\n`);
}

function newest<T>(
  entries: readonly StoryEntry[],
  read: (entry: StoryEntry) => T | undefined,
): T | undefined {
  const found = entries
    .filter((entry) => read(entry) !== undefined)
    .sort((a, b) => a.offset - b.offset)
    .at(-1);
  return found === undefined ? undefined : read(found);
}
