/** `tributary items`: one item, its neighbours, and what happened to it. */
import { Command } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import type { Item, ItemEmbedding, Reward } from '#contracts/generated/records.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { positiveInteger } from '#topics/command-line.ts';
import { clientsOf } from '#topics/commands.ts';
import { printable } from '#topics/format.ts';
import { parsePosition } from '#topics/positions.ts';
import { actionOf, rewardOf, type StoryEntry, slateOf } from '#topics/story/entry.ts';
import { readStory } from '#topics/story/read-story.ts';
import { renderTable } from '#topics/table.ts';
import { withGateway } from './gateway.ts';
import { nothingOf } from './nothing-of.ts';

interface ShowFlags {
  readonly since: string;
  readonly json?: boolean;
}

interface SimilarFlags {
  readonly n: number;
  readonly json?: boolean;
}

interface Similar {
  readonly itemId: string;
  readonly title: string;
  readonly generation: string;
  readonly items: ReadonlyArray<{ readonly itemId: string; readonly title: string; readonly score: number }>;
}

export function showItemCommand(): Command {
  return new Command('show')
    .argument('<id>', 'id of the item')
    .option('--since <position>', 'from where in the log, as in tail', 'beginning')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nMessage by message: tributary tail --item ID --since beginning\n')
    .action((itemId: string, flags: ShowFlags) => runCommand((context) => show(context, itemId, flags)));
}

export function similarItemsCommand(): Command {
  return new Command('similar')
    .argument('<id>', 'id of the item')
    .option('-n, --n <n>', 'number of neighbours', positiveInteger, 10)
    .option('--json', 'one JSON object')
    .action((itemId: string, flags: SimilarFlags) =>
      runCommand((context) => similar(context, itemId, flags)),
    );
}

async function show(context: CommandContext, itemId: string, { since, json }: ShowFlags): Promise<void> {
  const from = parsePosition(since, Date.now());
  const { entries } = await readStory({ ...clientsOf(context), subject: { itemId }, from });
  if (entries.length === 0) throw new TributaryError('item.unknown', nothingOf(`item ${itemId}`, since));
  const facts = factsOf(itemId, entries);
  await context.write(json ? `${JSON.stringify(facts)}\n` : `${renderFacts(facts)}\n`);
}

/** What the log says about an item. */
interface ItemFacts {
  readonly itemId: string;
  /** Null if the catalogue has no such item, or if it was deleted. */
  readonly item: Item | null;
  readonly generations: readonly string[];
  /** Number of actions by type. */
  readonly actions: Readonly<Record<string, number>>;
  readonly users: number;
  readonly shown: number;
  readonly earned: number;
}

function factsOf(itemId: string, entries: readonly StoryEntry[]): ItemFacts {
  const ordered = entries.toSorted((a, b) => a.offset - b.offset);
  const actions = entries.flatMap((entry) => actionOf(entry) ?? []);
  const vectors = new Map<string, boolean>();
  for (const { topic, key, value } of ordered)
    if (topic === 'embeddings')
      vectors.set(
        (value as ItemEmbedding | null)?.generation ?? key.slice(0, -itemId.length - 1),
        value !== null,
      );
  const counts: Record<string, number> = {};
  for (const { type } of actions) counts[type] = (counts[type] ?? 0) + 1;
  return {
    itemId,
    item: (ordered.findLast(({ topic }) => topic === 'items')?.value as Item | null | undefined) ?? null,
    generations: [...vectors].filter(([, isThere]) => isThere).map(([generation]) => generation),
    actions: counts,
    users: new Set(actions.map(({ userId }) => userId)).size,
    shown: entries.filter((entry) => slateOf(entry) !== undefined).length,
    earned: entries
      .flatMap((entry) => rewardOf(entry) ?? [])
      .reduce((sum, { reward }: Reward) => sum + reward, 0),
  };
}

function renderFacts({ itemId, item, generations, actions, users, shown, earned }: ItemFacts): string {
  const counts = Object.entries(actions).map(([type, count]) => `${count} ${type}`);
  return [
    item === null
      ? `${printable(itemId)} is not in the catalogue`
      : `${printable(itemId)} “${printable(item.title)}”, ${item.availability}`,
    ...(item === null || item.categories.length === 0
      ? []
      : [`  categories  ${item.categories.map(printable).join(' > ')}`]),
    `  vectors     ${generations.map(printable).join(', ') || 'none: no generation has it'}`,
    `  actions     ${counts.join(', ') || 'none'} by ${users} user${users === 1 ? '' : 's'}`,
    `  slates      shown ${shown} times, earned ${Number(earned.toPrecision(4))}`,
  ].join('\n');
}

async function similar(context: CommandContext, itemId: string, { n, json }: SimilarFlags): Promise<void> {
  const answer = await withGateway((gateway) =>
    gateway.get<Similar>(`/v1/similar?itemId=${encodeURIComponent(itemId)}&n=${n}`),
  );
  if (json) return context.write(`${JSON.stringify(answer)}\n`);
  const table = renderTable(answer.items, [
    { title: 'COSINE', value: ({ score }) => Number(score.toFixed(3)) },
    { title: 'ITEM', value: (near) => printable(near.itemId) },
    { title: 'TITLE', value: ({ title }) => printable(title) },
  ]);
  return context.write(
    `Near ${printable(answer.itemId)} “${printable(answer.title)}” in ${printable(answer.generation)}\n${table}\n`,
  );
}
