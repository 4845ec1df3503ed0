import { quantile } from '#algorithms/evaluation/quantile.ts';
import { adjustedRandIndex } from '#algorithms/evaluation/rand-index.ts';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { type KnownBefore, readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import { clusterWindow, type WindowInterests } from '#algorithms/pinnersage/interests.ts';
import { createWardWorkspace } from '#algorithms/pinnersage/ward.ts';
import {
  type ActionWindow,
  applyAction,
  createWindow,
  type WindowAction,
} from '#algorithms/pinnersage/window.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import type { Figures } from '../figures/figures.ts';
import { lastWindow, type RealWindows, readRealWindows } from './windows.ts';

const USERS = 500;
/** Measured in addition to the α of the release. */
const ALPHAS = [1, 1.5, 2] as const;
const TOP = 3;
const FULL_WINDOW = 400;
const FULL_USERS = 30;
const ARRIVALS = 50;
/** No action expires here, so that each of these windows holds exactly that many actions. */
const FULL_LIMITS = { days: 3_650, maximum: FULL_WINDOW };

const OPTIONS = { lambdaPerDay: DEFAULT_LAMBDA_PER_DAY, actionWeights: DEFAULT_ACTION_WEIGHTS };
const forests = new ForestWorkspace();
const trees = createWardWorkspace();

/**
 * The incremental clustering beside the full one, after each action of 500 real users' windows: adjusted Rand index,
 * and whether the three most important medoids are the same. Then the CPU time of an action that arrives in a window
 * of 400 and drops the oldest: everything from the window to the interests.
 */
export async function measure(): Promise<Figures> {
  const real = await readRealWindows();
  const windows = real.histories
    .map(lastWindow)
    .filter(({ length }) => length > 0)
    .slice(0, USERS);
  const long = real.histories.filter(({ length }) => length >= FULL_WINDOW + ARRIVALS).slice(0, FULL_USERS);
  const byAlpha: Record<string, Figures> = {};
  for (const alpha of new Set([real.alpha, ...ALPHAS])) {
    byAlpha[alpha] = {
      ...agreement(windows, { ...real, alpha }),
      ...costAt400(long, { ...real, alpha }),
    };
  }
  return { alpha: real.alpha, users: windows.length, ...byAlpha[real.alpha], byAlpha };
}

function agreement(windows: readonly (readonly WindowAction[])[], real: RealWindows): Figures {
  const indices: number[] = [];
  let sameTop = 0;
  for (const actions of windows) {
    const window = createWindow();
    let before: KnownBefore = {};
    for (const action of actions) {
      applyAction(window, action, action.occurredAt);
      const found = incremental(window, before, real);
      const wanted = full(window, real);
      before = found.known;
      indices.push(adjustedRandIndex(partition(found), partition(wanted)));
      if (topOf(found) === topOf(wanted)) sameTop++;
    }
  }
  return {
    ariMedian: quantile(indices, 0.5),
    ariP10: quantile(indices, 0.1),
    ariLeast: quantile(indices, 0),
    topMedoidsSame: sameTop / indices.length,
    prefixes: indices.length,
  };
}

/** Arrivals one by one, and again basket by basket, as they reach the stage. */
function costAt400(histories: readonly (readonly WindowAction[])[], real: RealWindows): Figures {
  const time = { full: 0, incremental: 0, byBasket: 0 };
  let items = 0;
  let arrivals = 0;
  for (const history of histories) {
    const start = windowOf(history.slice(0, FULL_WINDOW));
    const arriving = history.slice(FULL_WINDOW, FULL_WINDOW + ARRIVALS);
    const singly = arriving.map((action) => [action]);
    const { known } = incremental(start, {}, real);
    time.incremental += followTime(start, known, singly, real);
    time.byBasket += followTime(start, known, baskets(arriving), real);
    const window = { actions: [...start.actions] };
    time.full += cpuTime(() => {
      for (const action of arriving) {
        applyAction(window, action, action.occurredAt, FULL_LIMITS);
        full(window, real);
      }
    });
    arrivals += arriving.length;
    items += (known.clustering?.itemIds.length ?? 0) * arriving.length;
  }
  return {
    costRatioAt400: time.full / time.incremental,
    costRatioAt400ByBasket: time.full / time.byBasket,
    fullMicroseconds: time.full / arrivals,
    incrementalMicroseconds: time.incremental / arrivals,
    byBasketMicroseconds: time.byBasket / arrivals,
    itemsAt400: items / arrivals,
  };
}

function followTime(
  start: ActionWindow,
  before: KnownBefore,
  batches: readonly (readonly WindowAction[])[],
  real: RealWindows,
): number {
  const window = { actions: [...start.actions] };
  let known = before;
  return cpuTime(() => {
    for (const batch of batches) {
      for (const action of batch) applyAction(window, action, action.occurredAt, FULL_LIMITS);
      known = incremental(window, known, real).known;
    }
  });
}

/** Purchases of one basket have the same time. */
function baskets(actions: readonly WindowAction[]): WindowAction[][] {
  const groups: WindowAction[][] = [];
  for (const action of actions) {
    const last = groups.at(-1);
    if (last?.[0]?.occurredAt === action.occurredAt) last.push(action);
    else groups.push([action]);
  }
  return groups;
}

/** The same steps as in the interests stage. */
function incremental(
  window: ActionWindow,
  before: KnownBefore,
  { vectorOf, alpha }: RealWindows,
): WindowInterests & { readonly known: KnownBefore } {
  const reading = readWindow(window, before, OPTIONS);
  const at = { alpha, now: nowOf(window) };
  const { clustering, ...interests } = recluster(reading, before.clustering, vectorOf, at, forests);
  return { ...interests, known: { evidence: reading.evidence, clustering } };
}

function full(window: ActionWindow, { vectorOf, alpha }: RealWindows): WindowInterests {
  return clusterWindow(window, vectorOf, { ...OPTIONS, alpha, now: nowOf(window) }, trees);
}

function nowOf({ actions }: ActionWindow): number {
  return actions.at(-1)?.occurredAt ?? 0;
}

function windowOf(actions: readonly WindowAction[]): ActionWindow {
  const window = createWindow();
  for (const action of actions) applyAction(window, action, action.occurredAt, FULL_LIMITS);
  return window;
}

/** The label of each item, in the order of the items. */
function partition({ medoids }: WindowInterests): number[] {
  const labelled = medoids.flatMap(({ members }, label) => members.map((itemId) => ({ itemId, label })));
  return labelled.sort((a, b) => (a.itemId < b.itemId ? -1 : 1)).map(({ label }) => label);
}

function topOf({ medoids }: WindowInterests): string {
  const top = medoids.slice(0, TOP).map(({ itemId }) => itemId);
  return top.sort().join('\n');
}

/** µs of CPU. */
function cpuTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
