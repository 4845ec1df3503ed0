import { api, h, percent, table } from './dom.js';

/** Rewards by model and by place, with intervals. */
export async function show(page, _path, signal) {
  const { policy, observations, slates, byModel, bySlot } = await api('/console/bandit', { signal });
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
