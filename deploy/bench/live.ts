import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import { localUrl } from '#stages/stages.ts';
import { groupLags } from '#topics/lag.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { Figures } from '../figures/figures.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { Stack } from '../local/stack.ts';
import type { Path } from '../path/path.ts';
import { type App, openApp } from './live/app.ts';
import { type Crowd, gatherCrowd } from './live/crowd.ts';
import { measureEmptyHops } from './live/empty-hops.ts';
import { probeFreshness } from './live/freshness.ts';
import { processorTimes, timeAUnit } from './live/processor-time.ts';
import { type LoadFigures, offerLoad } from './load.ts';
import { onStages } from './on-stages.ts';
import { publishVectors, seedWindows, sendAll } from './seeded-windows.ts';
import { lastWindow, type RealWindows, readRealWindows } from './windows.ts';

const STAGES = ['gateway', 'interests', 'propose', 'rerank', 'feedback', 'index'] as const;
/** What a rate has to hold, ms. */
const P99_LIMIT_MS = 250;
const WARM_UP_SECONDS = 5;
const SLATES_A_SECOND = 500;
const MIX = { actionsASecond: 50, slatesAnAction: 5 } as const;
/** Connections that send the next request when the last was answered. */
const CLOSED_LOOP = 16;
const INGEST = { oneByOne: 32, batches: 4, batch: 500 } as const;
const HOUR = 3_600_000;

/**
 * The path from an action to a slate under single actions of random users, as apps send them: 20,000 users with the windows
 * of completejourney's households, and all stages, servers and the load on this machine. At each rate: the time from the
 * gateway's 202 to a slate that reflects the action, and the processor time of each process. Then slates alone, slates
 * and actions together, and how many actions the gateway takes.
 */
export async function measure(options: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const seconds = positive('seconds', options.seconds ?? '60');
  const rates = (options.rates ?? '50,200,500,1000').split(',').map((rate) => positive('rates', rate));
  const real = await readRealWindows();
  const itemIds = itemsOf(real);
  const crowd = gatherCrowd(positive('users', options.users ?? '20000'), itemIds, 'live');
  return onStages(
    STAGES,
    {},
    async (path, servers) => {
      const app = openApp(localUrl(path.stages.ports.gateway!));
      try {
        const measured = createMeasured(path, servers, app, crowd);
        const warmUp = await measured.firstActions();
        const rows = [];
        for (const rate of rates) rows.push(await measured.actions(rate, seconds));
        const slates = await measured.slates(seconds);
        const mix = await measured.mix(seconds);
        const ingest = await measured.ingest(seconds);
        const emptyHops = await measureEmptyHops(
          path.namespace.kafka,
          Math.max(...rates),
          Math.min(20, seconds),
        );
        const held = rows.filter(
          ({ p99, timedOut, sent }) => p99 <= P99_LIMIT_MS && timedOut === 0 && sent > 0,
        );
        const highestRate = Math.max(0, ...held.map(({ rate }) => rate));
        const setting = { users: crowd.userIds.length, items: itemIds.length, seconds };
        return { rates: rows, highestRate, slates, mix, ingest, warmUp, emptyHops, setting };
      } finally {
        await app.close();
      }
    },
    (namespace) => prepare(namespace, real, crowd, itemIds),
  );
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new SetupError(`--${option} must be a positive number, not "${text}"`, 'Correct the option.');
}

/** The items that households bought, in a random order, which is that of their popularity here. */
function itemsOf({ histories }: RealWindows): string[] {
  const random = createRandom('items');
  return [...new Set(histories.flatMap((history) => history.map(({ itemId }) => itemId)))]
    .map((itemId) => ({ itemId, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ itemId }) => itemId);
}

/** Catalogue, vectors and windows, as the stages would hold them after a history. */
async function prepare(
  namespace: TestNamespace,
  real: RealWindows,
  crowd: Crowd,
  itemIds: readonly string[],
): Promise<void> {
  const now = Date.now();
  console.error(`  ${crowd.userIds.length} users, ${itemIds.length} items …`);
  const content = { text: '', categories: [], attributes: {}, vector: null };
  const items = itemIds.map((itemId) => {
    const item = {
      ...content,
      itemId,
      title: `Item ${itemId}`,
      availability: 'available' as const,
      updatedAt: now,
    };
    return { key: itemId, value: namespace.encode('Item', item) };
  });
  await sendAll(namespace, 'items', items);
  await publishVectors(namespace, real, now);
  const redis = new Redis(process.env.REDIS_URL ?? '');
  const windows = real.histories.map(lastWindow).filter(({ length }) => length > 0);
  await seedWindows(redis, namespace, real, { userIds: crowd.userIds, windows, endAt: now - HOUR });
  await redis.quit();
}

function createMeasured(path: Path, servers: Stack, app: App, crowd: Crowd) {
  const processes = () => [...path.stages.processes, ...servers.processes];

  /** Runs a load, and returns the processor time of each process for a unit of its work. */
  async function costOf<T>(work: () => Promise<T>, unitsOf: (result: T) => number) {
    const before = processorTimes(processes());
    const result = await work();
    return { result, cpuMs: timeAUnit(before, processorTimes(processes()), unitsOf(result)) };
  }

  async function lag(): Promise<number> {
    const lags = await groupLags(path.namespace.kafka, path.namespace.namespace);
    return lags.reduce((sum, { lag: one }) => sum + one, 0);
  }

  const act = async (): Promise<void> => void (await app.act(crowd.next()));
  const ask = async (): Promise<void> => void (await app.slate(crowd.nextUser()));

  return {
    /** One action of each user, in batches: lists for all, and the time in which a backlog drains. */
    async firstActions() {
      const all = crowd.userIds.map((userId) => ({ ...crowd.next(), userId }));
      const began = performance.now();
      for (let start = 0; start < all.length; start += INGEST.batch)
        await app.actAll(all.slice(start, start + INGEST.batch));
      const sentSeconds = (performance.now() - began) / 1_000;
      await path.caughtUp();
      const drainedPerSecond = all.length / ((performance.now() - began) / 1_000);
      return { actions: all.length, sentSeconds, drainedPerSecond };
    },

    async actions(rate: number, seconds: number) {
      console.error(`  ${rate} actions a second …`);
      await offerLoad({ perSecond: rate, until: AbortSignal.timeout(WARM_UP_SECONDS * 1_000), send: act });
      const until = AbortSignal.timeout(seconds * 1_000);
      const load = () =>
        Promise.all([
          offerLoad({ perSecond: rate, until, send: act }),
          probeFreshness(app, () => ({ ...crowd.next(), userId: crowd.anyUser() }), until),
        ]);
      const before = processorTimes(processes());
      const loading = load();
      await delay(seconds * 1_000);
      const lagAtEnd = await lag();
      const after = processorTimes(processes());
      const [offered, { samplesMs, timedOut, slates }] = await loading;
      report(offered);
      const sent = offered.requests - offered.failed;
      await path.caughtUp();
      const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) =>
        samplesMs.length === 0 ? Infinity : quantile(samplesMs, q),
      );
      return {
        rate,
        sent,
        failed: offered.failed,
        p50: p50!,
        p90: p90!,
        p99: p99!,
        probes: samplesMs.length,
        timedOut,
        probedSlates: slates,
        cpuMsAnAction: timeAUnit(before, after, sent),
        lagAtEnd,
      };
    },

    async slates(seconds: number) {
      console.error(`  ${SLATES_A_SECOND} slates a second …`);
      const until = AbortSignal.timeout(seconds * 1_000);
      const { result, cpuMs } = await costOf(
        () => offerLoad({ perSecond: SLATES_A_SECOND, until, send: ask }),
        ({ requests, failed }) => requests - failed,
      );
      report(result);
      await path.caughtUp();
      const closed = await closedLoop(CLOSED_LOOP, Math.min(20, seconds), ask);
      const { latenciesMs, failed } = result;
      await path.caughtUp();
      return {
        p50: quantile(latenciesMs, 0.5),
        p99: quantile(latenciesMs, 0.99),
        failed,
        perSecond: closed,
        cpuMs,
      };
    },

    async mix(seconds: number) {
      console.error(`  ${MIX.actionsASecond} actions and ${MIX.slatesAnAction} slates for each …`);
      const until = AbortSignal.timeout(seconds * 1_000);
      const { result, cpuMs } = await costOf(
        () =>
          Promise.all([
            offerLoad({ perSecond: MIX.actionsASecond, until, send: act }),
            offerLoad({ perSecond: MIX.actionsASecond * MIX.slatesAnAction, until, send: ask }),
          ]),
        ([{ requests }]) => requests,
      );
      const [actions, slates] = result;
      report(actions);
      report(slates);
      const { latenciesMs } = slates;
      return {
        slateP50: quantile(latenciesMs, 0.5),
        slateP99: quantile(latenciesMs, 0.99),
        lagAtEnd: await lag(),
        cpuMsAnAction: cpuMs,
      };
    },

    async ingest(seconds: number) {
      console.error('  as many actions as the gateway takes …');
      const limit = Math.min(10, seconds);
      await path.caughtUp();
      const oneByOne = await closedLoop(INGEST.oneByOne, limit, act);
      await path.caughtUp();
      const requests = await closedLoop(INGEST.batches, limit, () =>
        app.actAll(Array.from({ length: INGEST.batch }, () => crowd.next())),
      );
      return { oneByOne, batches: requests * INGEST.batch };
    },
  };
}

/** @returns requests a second, when each connection sends the next one as soon as the last is answered */
async function closedLoop(connections: number, seconds: number, send: () => Promise<void>): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  const began = performance.now();
  let answered = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      await send();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  return answered / ((performance.now() - began) / 1_000);
}

function report({ failed, reasons }: LoadFigures): void {
  if (failed > 0) console.error(`  ${failed} failed: ${reasons.slice(0, 3).join('; ')}`);
}
