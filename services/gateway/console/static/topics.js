import { api, h, table } from './dom.js';

/** Lines that stay on the page. */
const SHOWN = 100;

/** The topics, and a live tail of one with filters. */
export async function show(page, path, signal) {
  const topics = await api('/console/topics', { signal });
  const chosen = path || 'actions';
  const topic = h(
    'select',
    { name: 'topic' },
    topics.map(({ name }) => h('option', { value: name, selected: name === chosen }, name)),
  );
  const key = h('input', { name: 'key', autocomplete: 'off' });
  const filter = h('input', { name: 'filter', placeholder: 'type=buy', autocomplete: 'off' });
  const lines = h('div', { role: 'log', 'aria-label': 'Messages', tabindex: '0' });
  const status = h('p', { role: 'status', class: 'quiet' });
  let source;
  const begin = () => {
    source?.close();
    lines.replaceChildren();
    status.textContent = `Following ${topic.value} …`;
    source = new EventSource(
      `/console/tail?${new URLSearchParams({ topic: topic.value, key: key.value, filter: filter.value })}`,
    );
    source.addEventListener('message', ({ data }) => {
      lines.prepend(h('pre', {}, describe(JSON.parse(data))));
      while (lines.childElementCount > SHOWN) lines.lastElementChild.remove();
    });
    source.addEventListener('failure', ({ data }) => {
      status.textContent = JSON.parse(data).reason;
      source.close();
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED)
        status.textContent = 'The gateway refuses: check the filter, such as type=buy.';
    });
  };
  signal.addEventListener('abort', () => source?.close());
  page.append(
    h('h2', {}, 'Topics'),
    table(
      'Topics',
      ['Topic', 'Key', 'Record', 'Clean-up', 'Partitions', 'Messages'],
      topics.map(({ topic: name, key: kind, schema, cleanup, actual }) => [
        name,
        kind,
        schema,
        cleanup,
        actual?.partitions ?? 0,
        actual?.messages ?? 0,
      ]),
    ),
    h('h3', {}, 'Live tail'),
    h(
      'form',
      {
        onsubmit(event) {
          event.preventDefault();
          begin();
        },
      },
      h('label', {}, 'Topic', topic),
      h('label', {}, 'Key', key),
      h('label', {}, 'Filter', filter),
      h('button', {}, 'Follow'),
    ),
    status,
    lines,
  );
  begin();
}

function describe({ timestamp, partition, offset, key, value, error }) {
  const content = value === undefined ? `undecodable: ${error?.message}` : JSON.stringify(value);
  const text = content.length > 2_000 ? `${content.slice(0, 2_000)}…` : content;
  return `${new Date(timestamp).toISOString()} ${partition}:${offset} ${key}\n${text}`;
}
