import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { groupLags } from '#topics/lag.ts';
import type { Stack } from '../../local/stack.ts';
import type { Path } from '../../path/path.ts';
import { type LoadFigures, offerLoad } from '../load.ts';
import type { App } from './app.ts';
import type { Crowd } from './crowd.ts';
import { probeFreshness } from './freshness.ts';
import { processorTimes, timeAUnit } from './processor-time.ts';

const WARM_UP_SECONDS = 5;
/** A load under which the engine compiles what the periods measure; without it the first one would be interpreted. */
const SETTLING = { seconds: 20, actionsASecond: 300, slatesASecond: 50 } as const;
const SLATES_A_SECOND = 500;
const MIX = { actionsASecond: 50, slatesAnAction: 5 } as const;
/** Connections that send the next request when the last was answered. */
const CLOSED_LOOP = 16;
const INGEST = { oneByOne: 32, batches: 4, batch: 500 } as const;

/** Loads on running stages, each with its figures. */
export function measurePeriods(path: Path, servers: Stack, app: App, crowd: Crowd) {
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
    /** One action of each user, in batches: the time in which a backlog drains. */
    async backlog() {
      console.error('  one action of each user …');
      const all = crowd.userIds.map((userId) => ({ ...crowd.next(), userId }));
      const began = performance.now();
      for (let start = 0; start < all.length; start += INGEST.batch)
        await app.actAll(all.slice(start, start + INGEST.batch));
      const sentSeconds = (performance.now() - began) / 1_000;
      await path.caughtUp();
      const drainedPerSecond = all.length / ((performance.now() - began) / 1_000);
      return { actions: all.length, sentSeconds, drainedPerSecond };
    },

    /** Single actions and slates, before anything is measured; resolves when they are handled. */
    async settle() {
      const { seconds, actionsASecond, slatesASecond } = SETTLING;
      console.error('  settling …');
      const until = AbortSignal.timeout(seconds * 1_000);
      const loads = await Promise.all([
        offerLoad({ perSecond: actionsASecond, until, send: act }),
        offerLoad({ perSecond: slatesASecond, until, send: ask }),
      ]);
      for (const load of loads) report(load);
      await path.caughtUp();
    },

    async actions(rate: number, seconds: number) {
      console.error(`  ${rate} actions a second …`);
      const offer = (until: AbortSignal) => offerLoad({ perSecond: rate, until, send: act });
      await offer(AbortSignal.timeout(WARM_UP_SECONDS * 1_000));
      // Without probes, whose slates cost as much as actions do where these are few.
      const { cpuMs: cpuMsAnAction } = await costOf(
        () => offer(AbortSignal.timeout(Math.ceil((seconds * 1_000) / 3))),
        ({ requests, failed }) => requests - failed,
      );
      const until = AbortSignal.timeout(seconds * 1_000);
      const loading = Promise.all([offer(until), probeFreshness(app, () => crowd.next(), until)]);
      await delay(seconds * 1_000);
      const lagAtEnd = await lag();
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
        cpuMsAnAction,
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
export async function closedLoop(
  connections: number,
  seconds: number,
  send: () => Promise<void>,
): Promise<number> {
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
