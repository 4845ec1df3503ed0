import { api, h, table, time } from './dom.js';
import { looksOf, pictureOf, showPictures } from './looks.js';

/** An item, its neighbours in the served generation, who takes it, and what it earned. */
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
  const [near, spaces, story] = [h('div'), h('section'), h('section')];
  page.append(near, spaces, story);
  const id = encodeURIComponent(itemId);
  await Promise.all([
    api(`/v1/similar?itemId=${id}&n=24`, { signal })
      .then(async (answer) => {
        await neighbours(near, itemId, answer, signal);
        await otherSpaces(spaces, id, answer.generation, signal);
      })
      .catch((error) => failed(near, error, signal)),
    api(`/console/item-story?itemId=${id}`, { signal })
      .then((answer) => takers(story, answer))
      .catch((error) => failed(story, error, signal)),
  ]);
}

function failed(element, error, signal) {
  if (!signal.aborted) element.replaceChildren(h('p', { class: 'bad' }, error.message));
}

async function neighbours(element, itemId, { title, generation, items }, signal) {
  const lookOf = await looksOf([itemId], signal);
  const { category } = lookOf(itemId);
  element.replaceChildren(
    h(
      'p',
      { class: 'headed' },
      pictureOf(itemId),
      h('strong', {}, title),
      category === undefined ? '' : ` in ${category}`,
    ),
    h('h3', {}, `Nearest in ${generation}`),
    h(
      'ol',
      { class: 'slate' },
      items.map((near) =>
        h(
          'li',
          { class: 'card' },
          h(
            'div',
            { class: 'headed' },
            pictureOf(near.itemId),
            h('h4', {}, h('a', { href: `#/item/${encodeURIComponent(near.itemId)}` }, near.title)),
          ),
          h('p', { class: 'quiet' }, `cosine ${near.score.toFixed(3)}, item ${near.itemId}`),
        ),
      ),
    ),
  );
  await showPictures(element, signal);
}

/** The neighbours that each model finds: what it would propose to somebody who took this item alone. */
async function otherSpaces(element, id, generation, signal) {
  const path = `/console/item-neighbours?itemId=${id}&generation=${encodeURIComponent(generation)}`;
  const { models } = await api(path, { signal }).catch((error) => {
    failed(element, error, signal);
    return {};
  });
  if (models === undefined) return;
  const lookOf = await looksOf(
    models.flatMap(({ items }) => items.map((item) => item.itemId)),
    signal,
  );
  element.replaceChildren(
    h('h3', {}, 'Neighbours by model'),
    h('p', { class: 'quiet' }, 'What each model would propose to somebody who has taken this item alone.'),
    h(
      'div',
      { class: 'columns' },
      models.map(({ model, items, failure }) =>
        h(
          'section',
          { 'aria-label': `neighbours by ${model}` },
          h('h4', {}, model),
          failure === undefined ? null : h('p', { class: 'bad' }, failure),
          items.length > 0 || failure !== undefined
            ? null
            : h('p', { class: 'quiet' }, 'It knows no neighbour of this item.'),
          h(
            'ol',
            { class: 'list' },
            items.map((item) =>
              h(
                'li',
                {},
                pictureOf(item.itemId),
                h('a', { href: `#/item/${encodeURIComponent(item.itemId)}` }, lookOf(item.itemId).title),
                h('span', { class: 'quiet' }, ` ${item.score.toPrecision(3)}`),
              ),
            ),
          ),
        ),
      ),
    ),
  );
  await showPictures(element, signal);
}

function takers(element, { types, takers: users, earned, searched }) {
  element.replaceChildren(
    h('h3', {}, 'Who takes it, and what it earned'),
    h(
      'p',
      { class: 'quiet' },
      `From the last ${searched.toLocaleString('en-US')} messages of each partition.`,
    ),
    h(
      'p',
      {},
      earned === null || earned === undefined
        ? 'No slate with it is settled.'
        : `Shown ${earned.shown.toLocaleString('en-US')} times, it earned ${earned.mean.toFixed(3)} ± ${earned.margin.toFixed(3)} on average.`,
    ),
  );
  if (types.length === 0) {
    element.append(h('p', { class: 'quiet' }, 'Nobody acted on it lately.'));
    return;
  }
  element.append(
    table(
      'Actions on it',
      ['Type', 'Actions', 'Users'],
      types.map(({ type, actions, users: people }) => [type, actions, people]),
    ),
    table(
      'Last users',
      ['User', 'Type', 'When (UTC)'],
      users.map(({ userId, type, occurredAt }) => [
        h('a', { href: `#/user/${encodeURIComponent(userId)}` }, userId),
        type,
        time(occurredAt),
      ]),
    ),
  );
}
