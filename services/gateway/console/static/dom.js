/** Builds an element. Texts become text nodes, so nothing from the log is read as HTML. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  assign(element, attributes);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The same for SVG. */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  assign(element, attributes);
  element.append(...children);
  return element;
}

function assign(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'group') element.style.setProperty('--group', value);
    else element.setAttribute(name, value === true ? '' : value);
  }
}

/** An error of the API, with its code. */
export class ApiError extends Error {
  constructor(status, { code = 'unknown', detail = `The gateway answered ${status} without a reason.` }) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** @throws ApiError */
export async function api(path, { method = 'GET', body, signal, headers = {} } = {}) {
  const answer = await fetch(path, {
    method,
    signal,
    ...(body === undefined
      ? { headers }
      : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, json);
  return json;
}

/** A table; a column whose cells are numbers is aligned right. */
export function table(caption, titles, rows) {
  const isNumber = titles.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const kind = (column) => (isNumber[column] ? { class: 'number' } : {});
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          titles.map((title, column) => h('th', { scope: 'col', ...kind(column) }, title)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell, column) =>
              h('td', kind(column), typeof cell === 'number' ? cell.toLocaleString('en-US') : cell),
            ),
          ),
        ),
      ),
    ),
  );
}

const GROUPS = [
  '#2f6fde',
  '#d9822b',
  '#2e9e5b',
  '#b03fb5',
  '#c23b3b',
  '#1d9aa8',
  '#8a6d1d',
  '#6757d9',
  '#cf4f8a',
  '#5d7a2c',
];

/** A colour for a group; the same text has the same colour. */
export function colourOf(text) {
  let hash = 0;
  for (const character of text) hash = (Math.imul(hash, 31) + character.codePointAt(0)) >>> 0;
  return GROUPS[hash % GROUPS.length];
}

export const time = (at) => new Date(at).toISOString().replace('T', ' ').slice(0, 19);
export const percent = (share) => `${(share * 100).toFixed(1)}%`;
