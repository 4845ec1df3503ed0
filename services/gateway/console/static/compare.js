import { h, table } from './dom.js';

/** The models side by side: at which place each of them has the items of the slate. */
export function compareModels(items) {
  const explained = items.filter(({ explain }) => explain !== undefined);
  const models = [
    ...new Set(explained.flatMap(({ explain }) => explain.proposers.map(({ model }) => model))),
  ].sort();
  if (models.length === 0) return h('p', { class: 'quiet' }, 'The answer does not say who proposed what.');
  const rows = explained.map(({ slot, title, explain }) => [
    slot + 1,
    title,
    ...models.map((name) => {
      const proposer = explain.proposers.find(({ model }) => model === name);
      return proposer === undefined ? '–' : `${proposer.rank + 1}.`;
    }),
  ]);
  return table('Place of each item in the list of each model', ['Slot', 'Item', ...models], rows);
}
