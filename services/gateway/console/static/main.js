import { h } from './dom.js';

/** The pages by the first word behind the hash. Each is loaded when it is opened. */
const PAGES = {
  '': ['Overview', () => import('./overview.js')],
  user: ['User', () => import('./user.js')],
  item: ['Item', () => import('./item.js')],
  bandit: ['Bandit', () => import('./bandit.js')],
  experiments: ['Experiments', () => import('./experiments.js')],
  releases: ['Releases', () => import('./releases.js')],
  'dead-letters': ['Dead letters', () => import('./dead-letters.js')],
  topics: ['Topics', () => import('./topics.js')],
};

let leave = new AbortController();

/** A part of a hash that somebody typed may not be percent-encoded text; it is taken as it is. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Opens the page that the hash names, and ends whatever the former page still does. */
async function open() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
  const [title, load] = Object.hasOwn(PAGES, name) ? PAGES[name] : PAGES[''];
  document.title = `${title} – Tributary`;
  for (const link of document.querySelectorAll('nav a')) {
    const isCurrent = link.getAttribute('href') === `#/${name}`;
    if (isCurrent) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const page = document.querySelector('#page');
  const content = h('div');
  try {
    const { show } = await load();
    if (signal.aborted) return;
    page.replaceChildren(content);
    await show(content, rest.join('/'), signal);
  } catch (error) {
    if (!signal.aborted) content.append(h('p', { class: 'bad', role: 'alert' }, error.message));
  }
}

addEventListener('hashchange', () => {
  document.querySelector('#page').focus();
  open();
});
open();
