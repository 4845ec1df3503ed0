import { decide, decisionButton, mayDecide } from './decide.js';
import { api, h, table, time } from './dom.js';

/** How often the page looks for the flip that was asked for, and for how long, ms. */
const PAUSE_MS = 500;
const PATIENCE_MS = 120_000;

/** The generations of embeddings over time; flip and roll back. */
export async function show(page, _path, signal) {
  const body = h('div');
  page.append(h('h2', {}, 'Releases'), body);
  const isOn = await mayDecide();
  const refresh = async () => {
    const releases = await api('/console/releases', { signal });
    body.replaceChildren(...content(releases, isOn, refresh, signal));
    return releases;
  };
  await refresh();
}

function content(releases, isOn, refresh, signal) {
  if (releases.length === 0) return [h('p', { class: 'quiet' }, 'No generation has been trained yet.')];
  const names = [...new Set(releases.flatMap(({ metrics }) => Object.keys(metrics)))].slice(0, 4);
  const flip = async (path, body) => {
    const { generation } = await decide(path, body);
    return `${generation} ${await awaitFlip(generation, refresh, signal)}.`;
  };
  const figures = ({ metrics }) =>
    names.map((name) => (metrics[name] === undefined ? '' : String(Number(metrics[name].toPrecision(4)))));
  const active = releases.find(({ state }) => state === 'active');
  return [
    table(
      'Generations',
      [
        'Generation',
        'State',
        'Since (UTC)',
        'Items',
        'Actions',
        ...names,
        'Reason',
        ...(isOn ? ['Decide'] : []),
      ],
      releases.map((release) => [
        release.generation,
        release.state,
        time(release.updatedAt),
        release.itemCount,
        release.actionCount,
        ...figures(release),
        release.reason ?? '',
        ...(isOn
          ? [
              ['retired', 'ready'].includes(release.state)
                ? decisionButton('Serve', `Flip to ${release.generation}?`, () =>
                    flip('/console/releases/activate', { generation: release.generation }),
                  )
                : '',
            ]
          : []),
      ]),
    ),
    h('h3', {}, 'Flip or roll back'),
    isOn
      ? decisionButton(
          'Roll back',
          `Serve the generation before ${active?.generation ?? 'the active one'}?`,
          () => flip('/console/releases/rollback'),
        )
      : h('pre', {}, 'npx tributary releases activate GENERATION\nnpx tributary releases rollback'),
  ];
}

/** The index builds the graph before it flips, so that a flip of a large catalogue takes a while. */
async function awaitFlip(generation, refresh, signal) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!signal.aborted && performance.now() < deadline) {
    const releases = await api('/console/releases', { signal });
    if (releases.some((release) => release.generation === generation && release.state === 'active')) {
      await refresh();
      return 'is active';
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return 'is requested, and no index has flipped yet';
}
