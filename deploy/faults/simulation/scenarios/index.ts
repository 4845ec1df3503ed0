import type { Release } from '#contracts/generated/records.ts';
import { createShard } from '#published/shard.ts';
import { LiveIndex } from '../../../../services/index/live-index.ts';
import type { IndexMetrics } from '../../../../services/index/metrics.ts';
import { chooseGeneration, searchAll } from '../../../../services/index/search.ts';
import {
  checkFlips,
  checkGenerationAnswers,
  checkMoves,
  type ObservedAnswer,
  type ObservedFlip,
  pointerMoves,
} from '../../checkers/generations.ts';
import { followTopics } from '../follow-topics.ts';
import type { SimulatedProcess } from '../process.ts';
import type { Scenario, Seam, Staging } from '../scenario.ts';
import { ConnectionLost, type SimulatedPorts } from '../simulated-ports.ts';
import { goBackByHand, itemsOf, ledgerOf, train } from '../train.ts';
import type { World } from '../world.ts';

const TRAININGS = 4;
const ASK_MS = 700;
/** Share of the declarations that the log takes late, as after retries. */
const SLOW_WRITES = 0.4;
const POLL_MS = 100;
const MOST_POLLS = 600;
const KEEP_RETIRED_MS = 20_000;
/** Nothing is declared any more so long after the last fault. */
const QUIET_MS = 40_000;

/** One process of the index, as callers see it. */
interface Replica {
  readonly process: SimulatedProcess;
  readonly index: LiveIndex;
}

interface Observed {
  readonly random: Staging['random'];
  /** By name, the one that runs or ran last. */
  readonly replicas: Map<string, Replica>;
  readonly flips: ObservedFlip[];
  readonly answers: ObservedAnswer[];
}

/** The takeover of the index: two replicas, or two shards, and trainings, rejections and a rollback. */
export const indexScenario: Scenario = {
  name: 'index',
  topics: ['items', 'embeddings', 'releases'],
  anew: [],
  clockShiftMs: 60_000,
  calmMs: 70_000,
  async begin({ world, random, seam, until }: Staging) {
    const { scheduler } = world;
    const shards = random.next() < 0.5 ? 1 : 2;
    const observed: Observed = {
      random: random.fork('declarations'),
      ...{ replicas: new Map(), flips: [], answers: [] },
    };
    for (const place of [0, 1])
      world.supervise(`index-${place + 1}`, (ports) =>
        startIndex(ports, seam, observed, createShard(Math.min(place, shards - 1), shards)),
      );
    const span = until - scheduler.now;
    await train(world, { generation: 'g1', durationMs: 0, isRejected: false, random });
    for (let number = 2; number < 2 + TRAININGS; number++) {
      const training = {
        generation: `g${number}`,
        durationMs: random.next() < 0.5 ? 0 : 8_000 * random.next(),
        isRejected: random.next() < 0.2,
        random: random.fork(number),
      };
      // In their order, because names of generations are times.
      const at = (span * (number - 2 + 0.8 * random.next())) / TRAININGS;
      scheduler.after(at, () => void train(world, training), null);
    }
    const byHand: Release[] = [];
    if (random.next() < 0.9) {
      const generation = `g${2 + random.integer(TRAININGS)}`;
      void rollBackAfter(world, generation, random.fork('rollback'), byHand);
    }
    for (let at = 0; at < span; at += ASK_MS)
      scheduler.after(at, () => ask(world, seam, observed, random), null);
    return async () => {
      const moves = pointerMoves(world.read('releases'));
      const items = new Map(
        Array.from({ length: 1 + TRAININGS }, (_, i) => [`g${i + 1}`, new Set(itemsOf(`g${i + 1}`))]),
      );
      return [
        ...checkFlips(observed.flips),
        ...checkGenerationAnswers(observed.answers, moves, items),
        ...checkServed(world, observed, byHand, until),
      ];
    };
  },
};

/** An operator goes back soon after the generation has become active, which one process may not have read yet. */
async function rollBackAfter(
  world: World,
  generation: string,
  random: Staging['random'],
  byHand: Release[],
): Promise<void> {
  const { scheduler, processes } = world;
  const reaches = async (...states: Release['state'][]): Promise<boolean> => {
    for (let polls = 0; polls < MOST_POLLS; polls++) {
      const release = ledgerOf(world).get(generation);
      if (release !== undefined && states.includes(release.state)) return true;
      await scheduler.wait(POLL_MS, null);
    }
    return false;
  };
  if (!(await reaches('building', 'ready', 'active'))) return;
  const slow = processes[random.integer(processes.length)]!;
  if (random.next() < 0.7) slow.frozenUntil = scheduler.now + 10_000 * random.next();
  if (!(await reaches('active'))) return;
  await scheduler.wait(1_000 * random.next(), null);
  world.tell('an operator rolls back');
  byHand.push(...goBackByHand(world));
}

/** As `services/index/main.ts` composes the stage; its callers are in the same process. */
async function startIndex(
  ports: SimulatedPorts,
  seam: Seam,
  observed: Observed,
  shard: ReturnType<typeof createShard>,
): Promise<void> {
  const { process } = ports;
  const { replicas, flips } = observed;
  const random = observed.random.fork(process.name);
  const read: Release[] = [];
  const trained = new Map<string, Set<string>>();
  const onFlip = (): void => {
    flips.push({
      process: process.name,
      generation: index.served!.generation.id,
      decides: shard.place === 0,
      read: [...read],
      trained: new Map([...trained].map(([generation, itemIds]) => [generation, itemIds.size])),
    });
  };
  const publish = async (release: Release): Promise<void> => {
    if (random.next() < SLOW_WRITES) await process.scheduler.wait(3_000 * random.next(), process);
    // The checkers compare times, which the clock of the process must not change.
    await ports.produce('releases', release.generation, release, process.scheduler.now);
  };
  const index = new LiveIndex({
    log: ports.log,
    metrics: metricsThatTell(onFlip),
    parameters: { m: 8, efConstruction: 50 },
    efSearch: 32,
    recallMinimum: 0.95,
    duplicateCosine: 1,
    snapshots: undefined,
    keepRetiredMs: KEEP_RETIRED_MS,
    shard,
    publish,
    // A shard that does not answer lacks the generation.
    lacking: (id) => {
      const others = [...replicas].filter(([name]) => !process.name.startsWith(`${name}.`));
      const asked = (): string[] =>
        others.flatMap(([name, other]) => (!other.process.isDead && other.index.find(id) ? [] : [name]));
      return process.request(asked, () => new ConnectionLost()).catch(() => others.map(([name]) => name));
    },
    onFailure: (error) => process.fail(error),
  });
  const handlers = seam('index.handlers', {
    release: (id: string, value: Release | null, isLater?: boolean) => index.applyRelease(id, value, isLater),
  });
  replicas.set(process.name.replace(/\.\d+$/, ''), { process, index });
  const { caughtUp } = await followTopics(ports, {
    releases: ({ key, value, isLater }) => {
      if (value !== null) read.push(value);
      handlers.release(key, value, isLater);
    },
    items: ({ key, value }) => index.applyItem(key, value),
    embeddings: ({ key, value }) => {
      if (value !== null) {
        const itemIds = trained.get(value.generation) ?? new Set();
        trained.set(value.generation, itemIds.add(value.itemId));
      }
      index.applyEmbedding(key, value);
    },
  });
  void caughtUp.then(() => index.markCaughtUp());
  ports.onDrain(async () => index.close());
}

/** Asks any process for the generation that the pointer names, the one before or the next. */
function ask(world: World, seam: Seam, { replicas, answers }: Observed, random: Staging['random']): void {
  const names = [...replicas.keys()];
  const name = names[random.integer(Math.max(1, names.length))];
  const replica = name === undefined ? undefined : replicas.get(name)!;
  const at = world.scheduler.now;
  const named = new Set(world.read('releases').map(({ key }) => key));
  const generation = `g${1 + random.integer(Math.max(1, named.size))}`;
  if (replica === undefined || replica.process.isDead || replica.process.frozenUntil > at) return;
  const { index, process } = replica;
  const answering = seam('index.answers', {
    served: index.served,
    find: (id: string) => index.find(id),
    mayCome: (id: string) => index.mayCome(id),
    isDeclared: (id: string) => index.isDeclared(id),
    heldIds: () => index.heldIds(),
  }) as unknown as LiveIndex;
  const asked = { process: process.name, generation, at };
  try {
    const [found] = searchAll(chooseGeneration(answering, generation), [{ vector: [1, 0] }], 10);
    const near = found !== undefined && 'neighbours' in found ? found.neighbours : [];
    answers.push({ ...asked, outcome: 'held', itemIds: near.map(({ itemId }) => itemId) });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    answers.push({ ...asked, outcome: code === 'generation.unknown' ? 'gone' : 'later', itemIds: [] });
  }
}

/**
 * Returns a line for each process that serves another generation in the end than the newest that was trained and not set aside by
 * the operator; and one if releases are still being declared long after the last fault.
 */
function checkServed(
  world: World,
  { replicas }: Observed,
  byHand: readonly Release[],
  until: number,
): string[] {
  const releases = world.read('releases');
  const setAside = new Set(
    byHand.filter(({ state }) => state === 'retired').map(({ generation }) => generation),
  );
  const wanted = releases
    .filter(({ key, value }) => value?.state === 'ready' && !setAside.has(key))
    .map(({ key }) => key)
    .sort()
    .at(-1);
  const faults = [...replicas].flatMap(([name, { index }]) =>
    index.served?.generation.id === wanted
      ? []
      : [`${name} serves ${index.served?.generation.id} in the end, not ${wanted}`],
  );
  const moves = pointerMoves(releases);
  if (moves.at(-1)?.generation !== wanted)
    faults.push(`the pointer names ${moves.at(-1)?.generation} in the end, not ${wanted}`);
  faults.push(...checkMoves(moves));
  const late = releases.filter(({ timestamp }) => timestamp > until + QUIET_MS);
  if (late.length > 0) faults.push(`${late.length} releases are declared though nothing happens any more`);
  return faults;
}

function metricsThatTell(onFlip: () => void): IndexMetrics {
  const silent = { inc: () => undefined, set: () => undefined };
  return new Proxy({} as IndexMetrics, {
    get: (_, name) => (name === 'flips' ? { inc: onFlip } : silent),
  });
}
