import { api, h, percent, table } from './dom.js';

/** Weights that are shown. */
const SHOWN = 24;

/** Rewards by model and by place, with intervals; what the policy has learned, how widely it chooses, and what it supports. */
export async function show(page, _path, signal) {
  const report = await api('/console/bandit', { signal });
  const { policy, observations, slates, byModel, bySlot } = report;
  page.append(h('h2', {}, 'Bandit'));
  if (policy === null) {
    page.append(h('p', { class: 'quiet' }, 'No slate has been served yet.'));
    return;
  }
  page.append(
    h(
      'p',
      {},
      `${policy}; the newest of ${slates.toLocaleString('en-US')} slates was chosen after ${observations.toLocaleString('en-US')} rewards.`,
    ),
    h(
      'p',
      { class: 'quiet' },
      'An item that several models proposed counts for each of them. These are means of what was shown, not effects: a model whose items stand on top earns more for that alone.',
    ),
    h(
      'div',
      { class: 'columns' },
      part('Reward by model', 'Model', byModel),
      part('Reward by place', 'Place', bySlot),
      weights(report.learned),
      h('div', {}, exploration(report.exploration, report.learned), support(report.support)),
    ),
  );
}

function part(title, kind, earnings) {
  const highest = Math.max(0.001, ...earnings.map(({ mean, margin }) => mean + margin));
  const rows = earnings.map(({ name, shown, mean, margin, propensity }) => [
    name,
    shown,
    h(
      'span',
      {},
      h('meter', { min: 0, max: highest, value: Math.max(0, mean), 'aria-label': `mean reward of ${name}` }),
      ` ${mean.toFixed(3)} ± ${margin.toFixed(3)}`,
    ),
    percent(propensity),
  ]);
  if (rows.length === 0)
    return h('section', {}, h('h3', {}, title), h('p', { class: 'quiet' }, 'No reward is settled yet.'));
  return h(
    'section',
    {},
    h('h3', {}, title),
    table(title, [kind, 'Shown', 'Mean reward (95%)', 'Mean propensity'], rows),
  );
}

function weights({ weights: learned, unavailable }) {
  const title = h('h3', {}, 'Weights of the policy');
  if (learned === undefined) return h('section', {}, title, h('p', { class: 'bad' }, unavailable));
  if (learned.length === 0)
    return h('section', {}, title, h('p', { class: 'quiet' }, 'The policy has learned no weight yet.'));
  const rows = learned
    .slice(0, SHOWN)
    .map(({ name, mean, deviation }) => [
      name,
      mean.toFixed(4),
      `± ${(1.96 * deviation).toFixed(4)}`,
      Math.abs(mean) > 1.96 * deviation ? 'certain' : '',
    ]);
  return h(
    'section',
    {},
    title,
    h('p', { class: 'quiet' }, `The largest of ${learned.length}, each with its 95% interval.`),
    table('Weights of the policy', ['Feature', 'Mean', '95%', 'Sign'], rows),
  );
}

function exploration({ slots, items, effectiveItems, meanPropensity }, { epsilon }) {
  return h(
    'section',
    {},
    h('h3', {}, 'Exploration'),
    h(
      'p',
      {},
      `${slots.toLocaleString('en-US')} slots showed ${items.toLocaleString('en-US')} different items, as diverse as ${Math.round(effectiveItems).toLocaleString('en-US')} with equal shares. `,
      `An item was in its place with a probability of ${percent(meanPropensity)} on average. `,
      epsilon === undefined || epsilon === 0
        ? 'Every candidate comes from the policy alone.'
        : `${percent(epsilon)} of the slates are drawn from all candidates alike.`,
    ),
  );
}

function support(bins) {
  const rows = bins.map(({ above, upTo, slots, share }) => [
    `${above * 100}% to ${upTo * 100}%`,
    slots,
    h(
      'span',
      {},
      h('meter', { min: 0, max: 1, value: share, 'aria-label': 'share of the slots' }),
      ` ${percent(share)}`,
    ),
  ]);
  return h(
    'section',
    {},
    h('h3', {}, 'Support'),
    h(
      'p',
      { class: 'quiet' },
      'How likely what was shown was. Where nearly all is certain, or much is very unlikely, the log supports no estimate of another policy.',
    ),
    table('Support', ['Propensity', 'Slots', 'Share'], rows),
  );
}
