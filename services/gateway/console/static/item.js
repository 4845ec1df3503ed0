import { api, colourOf, h } from './dom.js';

/** An item and its neighbours in the served generation. */
export async function show(page, itemId, signal) {
  const input = h('input', { name: 'id', value: itemId, required: true, autocomplete: 'off' });
  page.append(
    h('h2', {}, itemId === '' ? 'Item' : `Item ${itemId}`),
    h(
      'form',
      {
        onsubmit(event) {
          event.preventDefault();
          location.hash = `#/item/${encodeURIComponent(input.value)}`;
        },
      },
      h('label', {}, 'Id of the item', input),
      h('button', {}, 'Look'),
    ),
  );
  if (itemId === '') return;
  const { title, generation, items } = await api(`/v1/items/${encodeURIComponent(itemId)}/similar?n=24`, {
    signal,
  });
  page.append(
    h('p', {}, h('strong', {}, title)),
    h('h3', {}, `Nearest in ${generation}`),
    h(
      'ol',
      { class: 'slate' },
      items.map((near) =>
        h(
          'li',
          { class: 'card', group: colourOf(near.itemId) },
          h('h4', {}, h('a', { href: `#/item/${encodeURIComponent(near.itemId)}` }, near.title)),
          h('p', { class: 'quiet' }, `cosine ${near.score.toFixed(3)}, item ${near.itemId}`),
        ),
      ),
    ),
    h('h3', {}, 'Who takes it, and what it earned'),
    h('pre', {}, `npx tributary items show ${itemId}\nnpx tributary tail --item ${itemId} --since -1d`),
  );
}
