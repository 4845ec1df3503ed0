import { api, h, table } from './dom.js';
import { looksOf, pictureOf, showPictures } from './looks.js';

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

/** Two models side by side: the whole lists that they propose to a user, with what both have in common. */
export class TwoProposers {
  constructor(userId, signal) {
    this.userId = userId;
    this.signal = signal;
    this.lists = h('div', { class: 'columns' });
    this.shared = h('p', { role: 'status', class: 'quiet' });
    this.choices = [0, 1].map((place) =>
      h('select', { name: `model-${place}`, onchange: () => this.render() }),
    );
    this.element = h(
      'div',
      {},
      h(
        'form',
        { onsubmit: (event) => event.preventDefault() },
        h('label', {}, 'One model', this.choices[0]),
        h('label', {}, 'Another model', this.choices[1]),
      ),
      this.shared,
      this.lists,
    );
  }

  /** Reads the lists that the next slate is chosen from. */
  async refresh() {
    const path = `/console/user-lists?userId=${encodeURIComponent(this.userId)}`;
    const { lists } = await api(path, { signal: this.signal });
    this.found = lists;
    const models = lists.map(({ model }) => model);
    for (const [place, choice] of this.choices.entries()) {
      const chosen = models.includes(choice.value)
        ? choice.value
        : models[Math.min(place, models.length - 1)];
      choice.replaceChildren(...models.map((model) => h('option', { value: model }, model)));
      if (chosen !== undefined) choice.value = chosen;
    }
    await this.render();
  }

  async render() {
    const chosen = this.choices.map(({ value }) => this.found.find(({ model }) => model === value));
    if (chosen.includes(undefined)) {
      this.shared.textContent = 'No model has proposed anything yet.';
      return;
    }
    const [one, other] = chosen.map(({ items }) => new Set(items.map(({ itemId }) => itemId)));
    const common = new Set([...one].filter((itemId) => other.has(itemId)));
    const lookOf = await looksOf([...one, ...other], this.signal);
    this.shared.textContent = `${common.size} of ${one.size} and ${other.size} items are in both lists.`;
    this.lists.replaceChildren(...chosen.map((list) => column(list, common, lookOf)));
    await showPictures(this.lists, this.signal);
  }
}

function column({ model, generation, isForEveryone, items }, common, lookOf) {
  return h(
    'section',
    { 'aria-label': `proposed by ${model}` },
    h('h4', {}, model),
    h(
      'p',
      { class: 'quiet' },
      `${isForEveryone ? 'The same for everyone' : 'For this user'}${generation === null ? '' : `, in ${generation}`}`,
    ),
    h(
      'ol',
      { class: 'list' },
      items.map(({ itemId, score, because }) =>
        h(
          'li',
          { class: common.has(itemId) ? 'shared' : undefined },
          pictureOf(itemId),
          h('a', { href: `#/item/${encodeURIComponent(itemId)}` }, lookOf(itemId).title),
          h(
            'span',
            { class: 'quiet' },
            ` ${score.toPrecision(3)}${because === null ? '' : `, from ${lookOf(because).title ?? because}`}${common.has(itemId) ? ', in both' : ''}`,
          ),
        ),
      ),
    ),
  );
}
