import { compareModels, TwoProposers } from './compare.js';
import { api, colourOf, h, percent, table, time } from './dom.js';
import { looksOf, pictureOf, showPictures } from './looks.js';
import { drawMap, drawTimeline, project } from './map.js';
import { why } from './why.js';

const ACTS = ['view', 'save', 'buy', 'hide'];
const SLOTS = 12;
/** Longest wait for a slate that reflects an action, ms. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 15;

/** A user: the window, the interests on a map, the slate with its reasons, and what an action changes. */
export async function show(page, userId, signal) {
  const input = h('input', { name: 'id', value: userId, required: true, autocomplete: 'off' });
  page.append(
    h('h2', {}, userId === '' ? 'User' : `User ${userId}`),
    h(
      'form',
      {
        onsubmit(event) {
          event.preventDefault();
          location.hash = `#/user/${encodeURIComponent(input.value)}`;
        },
      },
      h('label', {}, 'Id of the user', input),
      h('button', {}, 'Look'),
    ),
  );
  if (userId === '') {
    page.append(
      h('p', { class: 'quiet' }, 'A user without any action is shown what is popular, and can act too.'),
    );
    return;
  }
  await new UserPage(page, userId, signal).open();
}

class UserPage {
  constructor(page, userId, signal) {
    this.userId = userId;
    this.signal = signal;
    this.slate = h('ol', { class: 'slate', 'aria-label': 'The slate' });
    this.status = h('p', { role: 'status', class: 'quiet' });
    this.log = h('ol', { class: 'log', 'aria-label': 'What your actions changed' });
    this.interests = h('ul', { class: 'interests' });
    this.map = h('div');
    this.timeline = h('div');
    this.models = h('div');
    this.proposers = new TwoProposers(userId, signal);
    this.compared = h(
      'details',
      { ontoggle: () => this.compareProposers() },
      h('summary', {}, 'Two proposers side by side'),
      this.proposers.element,
    );
    this.shown = [];
    page.append(
      h(
        'p',
        { class: 'quiet' },
        'Act as this user: the slate follows. Slates of this page are probes; what you see here teaches the bandit nothing.',
      ),
      h('h3', {}, 'Slate'),
      this.status,
      this.slate,
      h('details', {}, h('summary', {}, 'Models side by side'), this.models),
      this.compared,
      h('h3', {}, 'What your actions changed'),
      this.log,
      h(
        'div',
        { class: 'columns' },
        h('section', {}, h('h3', {}, 'Interests'), this.interests, this.map),
        h('section', {}, h('h3', {}, 'Window'), this.timeline),
      ),
    );
  }

  async open() {
    await Promise.all([this.recommend().then((slate) => this.render(slate)), this.around()]);
  }

  /** The lists are read only where they are looked at. */
  async compareProposers() {
    if (!this.compared.open) return;
    try {
      await this.proposers.refresh();
    } catch (error) {
      if (!this.signal.aborted) this.proposers.shared.textContent = error.message;
    }
  }

  recommend() {
    const query = new URLSearchParams({
      userId: this.userId,
      n: SLOTS,
      probe: 'true',
      explain: 'true',
      surface: 'console',
    });
    return api(`/v1/recommendations?${query}`, { signal: this.signal });
  }

  /** Sends an action, waits for a slate that reflects it, and shows what changed. */
  async act(type, item) {
    const began = performance.now();
    this.status.textContent = `${type} “${item.title}” …`;
    try {
      const { results } = await api('/v1/actions', {
        method: 'POST',
        body: [{ userId: this.userId, itemId: item.itemId, type, eventId: crypto.randomUUID() }],
      });
      const slate = await this.reflecting(results[0].offset);
      const took = Math.round(performance.now() - began);
      const changed = this.render(slate);
      const reflected = slate.interestsVersion >= results[0].offset;
      const said = reflected
        ? `${took} ms after your click the slate reflects it`
        : `no slate reflects it within ${PATIENCE_MS / 1000} s`;
      this.status.textContent = `${type} “${item.title}”: ${said}.`;
      this.log.prepend(
        h('li', { 'data-took': String(took) }, `${type} “${item.title}”: ${said}; ${changed}.`),
      );
      this.around();
      this.compareProposers();
    } catch (error) {
      if (!this.signal.aborted) this.status.textContent = `${type} “${item.title}” failed: ${error.message}`;
    }
  }

  async reflecting(offset) {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const slate = await this.recommend();
      if (slate.interestsVersion >= offset || performance.now() > deadline) return slate;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Shows a slate and returns in words how it differs from the one before. */
  render(slate) {
    const before = this.shown;
    const isFirst = before.length === 0;
    this.shown = slate.items.map(({ itemId }) => itemId);
    this.items = slate.items;
    const focused = document.activeElement?.dataset?.act;
    this.slate.replaceChildren(
      ...slate.items.map((item) =>
        this.card(item, isFirst || before.includes(item.itemId), before.indexOf(item.itemId)),
      ),
    );
    this.slate.dataset.version = slate.interestsVersion;
    showPictures(this.slate, this.signal);
    this.models.replaceChildren(compareModels(slate.items));
    if (focused !== undefined)
      (
        this.slate.querySelector(`[data-act="${CSS.escape(focused)}"]`) ?? this.slate.querySelector('button')
      )?.focus();
    if (isFirst) this.status.textContent = `${slate.items.length} items, chosen by ${slate.policy}.`;
    const entered = this.shown.filter((itemId) => !before.includes(itemId)).length;
    const moved = this.shown.filter(
      (itemId, place) => before.includes(itemId) && before[place] !== itemId,
    ).length;
    return `${entered} of ${this.shown.length} items are new, ${moved} moved`;
  }

  card(item, isKnown, former) {
    const group = item.because === null ? undefined : colourOf(item.because.itemId);
    const moved = isKnown && former >= 0 && former !== item.slot ? `was ${former + 1}` : '';
    return h(
      'li',
      { class: 'card', group },
      h(
        'div',
        { class: 'headed' },
        pictureOf(item.itemId),
        h(
          'h4',
          {},
          `${item.slot + 1}. `,
          h('a', { href: `#/item/${encodeURIComponent(item.itemId)}` }, item.title),
          ' ',
          isKnown ? '' : h('span', { class: 'badge' }, 'new'),
        ),
      ),
      h('p', {}, item.reason),
      h(
        'p',
        { class: 'quiet' },
        `from ${item.models.join(', ')}, p ${item.propensity.toPrecision(2)} ${moved}`,
      ),
      why(item),
      h(
        'div',
        { class: 'acts' },
        ACTS.map((type) =>
          h(
            'button',
            {
              type: 'button',
              'data-act': `${type} ${item.itemId}`,
              'aria-label': `${type} ${item.title}`,
              onclick: () => this.act(type, item),
            },
            type,
          ),
        ),
      ),
    );
  }

  /** The parts around the slate, which may come later. */
  async around() {
    const id = encodeURIComponent(this.userId);
    const { signal } = this;
    const [interests, story] = await Promise.all([
      api(`/v1/interests?userId=${id}`, { signal }).catch((error) =>
        error.code === 'user.unknown' ? undefined : Promise.reject(error),
      ),
      api(`/console/user-story?userId=${id}`, { signal }),
    ]).catch((error) => {
      if (!signal.aborted) this.map.replaceChildren(h('p', { class: 'bad' }, error.message));
      return [];
    });
    if (story !== undefined) await this.renderWindow(story);
    if (interests === undefined) {
      this.interests.replaceChildren(h('li', { class: 'quiet' }, 'None yet.'));
      return;
    }
    const { medoids } = interests;
    this.interests.replaceChildren(
      ...medoids
        .slice(0, 12)
        .map(({ itemId, title, share, size }) =>
          h(
            'li',
            {},
            h('span', { class: 'swatch', group: colourOf(itemId) }),
            `${percent(share)} `,
            h('a', { href: `#/item/${encodeURIComponent(itemId)}` }, title),
            ` (${size} action${size === 1 ? '' : 's'})`,
          ),
        ),
    );
    if (interests.generation !== null) await this.renderMap(interests.generation, medoids);
  }

  async renderMap(generation, medoids) {
    const shown = this.items ?? [];
    const itemIds = [
      ...new Set([...medoids.slice(0, 40).map(({ itemId }) => itemId), ...shown.map(({ itemId }) => itemId)]),
    ];
    try {
      const vectors = await api('/console/vectors', {
        method: 'POST',
        body: { generation, itemIds },
        signal: this.signal,
      });
      this.map.replaceChildren(drawMap(project(vectors), medoids.slice(0, 40), shown));
    } catch (error) {
      if (!this.signal.aborted)
        this.map.replaceChildren(h('p', { class: 'quiet' }, `No map: ${error.message}`));
    }
  }

  async renderWindow({ actions }) {
    if (actions.length === 0) {
      this.timeline.replaceChildren(h('p', { class: 'quiet' }, 'No action near the end of the log.'));
      return;
    }
    const last = actions.slice(-10).reverse();
    const lookOf = await looksOf(
      last.map(({ itemId }) => itemId),
      this.signal,
    );
    this.timeline.replaceChildren(
      drawTimeline(actions, Date.now()),
      table(
        'Last actions',
        ['When (UTC)', 'Type', 'Item'],
        last.map(({ occurredAt, type, itemId }) => [time(occurredAt), type, lookOf(itemId).title]),
      ),
    );
  }
}
