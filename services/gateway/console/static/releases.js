import { api, h, table, time } from './dom.js';

/** The generations of embeddings over time. */
export async function show(page, _path, signal) {
  const releases = await api('/console/releases', { signal });
  page.append(h('h2', {}, 'Releases'));
  if (releases.length === 0) {
    page.append(h('p', { class: 'quiet' }, 'No generation has been trained yet.'));
    return;
  }
  const names = [...new Set(releases.flatMap(({ metrics }) => Object.keys(metrics)))].slice(0, 4);
  page.append(
    table(
      'Generations',
      ['Generation', 'State', 'Since (UTC)', 'Items', 'Actions', ...names, 'Reason'],
      releases.map(({ generation, state, updatedAt, itemCount, actionCount, metrics, reason }) => [
        generation,
        state,
        time(updatedAt),
        itemCount,
        actionCount,
        ...names.map((name) =>
          metrics[name] === undefined ? '' : String(Number(metrics[name].toPrecision(4))),
        ),
        reason ?? '',
      ]),
    ),
    h('h3', {}, 'Flip or roll back'),
    h('pre', {}, 'npx tributary releases activate GENERATION\nnpx tributary releases rollback'),
  );
}
