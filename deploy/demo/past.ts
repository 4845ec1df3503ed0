import type { Dataset, DatasetAction } from '../data/dataset.ts';
import type { Gateway } from '../data/gateway.ts';
import { loadHistory, loadItems } from '../data/load.ts';
import type { SendCounts } from '../data/sender.ts';
import type { Narrator } from './narrator.ts';
import type { ReplayPlan } from './plan.ts';

/** The catalogue and the history, fully acknowledged. */
export interface Past {
  readonly items: number;
  /** Users of the history. */
  readonly users: number;
  readonly history: SendCounts;
  /** Actions a second. */
  readonly historyRate: number;
}

export async function loadPast(
  dataset: Dataset,
  plan: ReplayPlan,
  gateway: Gateway,
  narrator: Narrator,
): Promise<Past> {
  narrator.phase('catalogue', 'Catalogue');
  const items = await loadItems(dataset.items(), gateway);
  narrator.say(renderCounts('items', items));

  narrator.phase('history', 'History, shifted to end now');
  const since = performance.now();
  const bar = narrator.progress('actions', plan.historyCount);
  const users = new Set<string>();
  const past = noting<DatasetAction>(dataset.actions(0, plan.historyCount), (action) => {
    users.add(action.userId);
  });
  const history = await loadHistory(past, plan.shift, gateway, bar);
  bar.stop();
  const historyRate = Math.round((history.acknowledged / (performance.now() - since)) * 1000);
  narrator.say(`${renderCounts('actions', history)}, ${historyRate}/s`);
  return { items: items.acknowledged, users: users.size, history, historyRate };
}

/** Passes elements on and calls `note` with each. */
async function* noting<T>(elements: AsyncIterable<T>, note: (element: T) => void): AsyncIterable<T> {
  for await (const element of elements) {
    note(element);
    yield element;
  }
}

function renderCounts(what: string, { sent, acknowledged, rejected, rejections }: SendCounts): string {
  const told = `${acknowledged} of ${sent} ${what} acknowledged`;
  return rejected === 0
    ? told
    : `${told}, ${rejected} rejected:\n${rejections.map((text) => `  ${text}`).join('\n')}`;
}
