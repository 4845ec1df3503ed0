import { h } from './dom.js';

/** Contributions that are shown. */
const TELLING = 6;

/** Who proposed an item and what made its score; undefined where the answer does not say. */
export function why({ title, explain }) {
  if (explain === undefined) return undefined;
  const contributions = Object.entries(explain.contributions)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, TELLING);
  return h(
    'details',
    {},
    h('summary', { 'aria-label': `why ${title}` }, 'why'),
    h(
      'p',
      {},
      `Proposed by ${explain.proposers.map(({ model, rank }) => `${model} (${rank + 1}.)`).join(', ')}.`,
    ),
    h(
      'ul',
      { class: 'interests' },
      contributions.map(([name, value]) =>
        h('li', {}, `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)} ${name}`),
      ),
    ),
  );
}
