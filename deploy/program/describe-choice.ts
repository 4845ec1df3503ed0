/** Explains from what a slate was chosen. Pure. */
import type { Reward, Slate } from '#contracts/generated/records.ts';
import { formatTime, printable } from '#topics/format.ts';
import { renderTable } from '#topics/table.ts';

export interface ExplainedChoice {
  readonly text: string;
  /** The same for JSON: each feature by its name. */
  readonly facts: object;
}

/** @param titles of items by id */
export function describeChoice(slate: Slate, titles: ReadonlyMap<string, string>): ExplainedChoice {
  const {
    slateId,
    userId,
    policy,
    observations,
    generation,
    interestsVersion,
    servedAt,
    featureNames,
    contextNames,
    context,
    slots,
  } = slate;
  const named = (itemId: string): string => printable(titles.get(itemId) ?? itemId);
  const head =
    `Slate ${printable(slateId)} for ${printable(userId)}, served ${formatTime(servedAt)}\n` +
    `  policy ${printable(policy)} after ${observations} rewards, generation ${generation ?? 'none'}, interests of version ${interestsVersion}` +
    (context.length === 0
      ? ''
      : `\n  context ${context.map((value, place) => `${printable(contextNames[place] ?? String(place))} ${Number(value.toPrecision(3))}`).join(', ')}`);
  const parts = slots.map(({ itemId, models, because, features, score, propensity }, slot) => {
    const cause =
      because === null
        ? 'no single item led here'
        : `because ${because.type} ${named(because.itemId)} (${(100 * because.importance).toFixed(1)}% of the interests)`;
    const telling = features
      .map((value, index) => ({ name: featureNames[index] ?? `feature ${index}`, value }))
      .filter(({ value }) => value !== 0)
      .map(({ name, value }) => `${printable(name)} ${Number(value.toPrecision(3))}`);
    return [
      `${slot + 1}. ${named(itemId)}`,
      `     proposed by ${models.map(printable).join(', ')}; ${cause}`,
      `     score ${Number(score.toPrecision(4))}, shown here with probability ${Number(propensity.toPrecision(3))}`,
      `     features ${telling.join(', ') || 'all zero'}`,
    ].join('\n');
  });
  const facts = {
    ...slate,
    slots: slots.map(({ features, ...slot }) => ({
      ...slot,
      features: Object.fromEntries(
        features.map((value, index) => [featureNames[index] ?? String(index), value]),
      ),
    })),
  };
  return { text: [head, ...parts].join('\n'), facts };
}

/** A slate with what each of its slots earned. */
export function renderSlate(
  slate: Slate,
  rewards: readonly Reward[],
  titles: ReadonlyMap<string, string>,
): string {
  const bySlot = new Map(rewards.map((reward) => [reward.slot, reward]));
  const rows = slate.slots.map((slot, place) => ({ ...slot, place, reward: bySlot.get(place) }));
  const table = renderTable(rows, [
    { title: 'SLOT', value: ({ place }) => place },
    { title: 'ITEM', value: ({ itemId }) => printable(itemId) },
    { title: 'TITLE', value: ({ itemId }) => printable(titles.get(itemId) ?? itemId) },
    { title: 'FROM', value: ({ models }) => models.map(printable).join('+') },
    { title: 'P', value: ({ propensity }) => Number(propensity.toPrecision(3)) },
    {
      title: 'EARNED',
      value: ({ reward }) => (reward === undefined ? 'not settled' : String(reward.reward)),
    },
    { title: 'BY', value: ({ reward }) => reward?.actionType ?? '' },
  ]);
  return `${printable(slate.slateId)} to ${printable(slate.userId)} by ${printable(slate.policy)}, served ${formatTime(slate.servedAt)}\n${table}`;
}
