import { createRandom } from '#algorithms/random.ts';
import type { Figures } from '../../figures/figures.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';
import { seedsOf } from '../options.ts';
import { type ClickLog, readClickLog } from './click-log.ts';
import { createPeers, PEER_NAMES } from './peers.ts';
import { LIST, leadOver, type Ranks, rowsOf } from './ranks.ts';
import { type NextItems, trainSequenceLists } from './sequence-lists.ts';
import { openSessionStage, SESSION_MODELS, SESSIONS_AS_SERVED, SUMS, sessionLists } from './session-stage.ts';

/**
 * The next item of a session: at each click of the test part, is the next one among the first 20? Steps whose next item was already in
 * the session are left out. `frozen` models know the training part; `live` ones take each click in after it was scored. `served` are the
 * lists of the stage propose by its own code, live: `as served` is the order in which rerank shows them before it has learned.
 */
export async function measure({
  log: path,
  seeds,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const log = readClickLog(path);
  checkSteps(log);
  const sequences = new Map<string, NextItems>();
  const [first, ...others] = seedsOf(seeds) as [number, ...number[]];
  for (const seed of [first, ...others])
    sequences.set(`sequence, seed ${seed}`, await trainSequenceLists(log.train, LIST, { seed }));
  const variant = await trainSequenceLists(log.train, LIST, { seed: first, network: 'attention' });
  sequences.set(`sequence by self-attention, seed ${first}`, variant);
  return measureSessions(log, sequences);
}

/**
 * Looks for what the minutes of training would miss at their end.
 * @throws SetupError if no session of one of the parts has two items
 */
export function checkSteps(log: ClickLog): void {
  for (const part of ['train', 'test'] as const) {
    const sessions = Map.groupBy(log[part], ({ session }) => session);
    if ([...sessions.values()].some((clicks) => clicks.some(({ item }) => item !== clicks[0]!.item)))
      continue;
    throw new SetupError(
      `No session of the ${part === 'train' ? 'training' : 'test'} part (${log[part].length} clicks) has two items`,
      'Name a log with sessions of two items on its last day (UTC) and before, or a folder with train and test',
    );
  }
}

/** @param sequences models of sequences by the name of their row, trained on the training part */
export async function measureSessions(
  log: ClickLog,
  sequences: ReadonlyMap<string, NextItems> = new Map(),
): Promise<Figures> {
  const random = createRandom('sessions');
  const frozen = await walk(log, false, sequences);
  const live = await walk(log, true);
  const steps = frozen.sessions.length;
  if (steps === 0) throw new SetupError('The test part has no step', 'Name a log with sessions of two items');
  const own = [...SESSION_MODELS, SESSIONS_AS_SERVED];
  return {
    frozen: rowsOf(frozen, [...PEER_NAMES, ...own, ...sequences.keys()], random.fork('frozen')),
    live: rowsOf(live, [...PEER_NAMES, ...SESSION_MODELS], random.fork('live')),
    served: rowsOf(live, [SESSIONS_AS_SERVED, 'trending', ...SUMS], random.fork('served')),
    paired: [
      { protocol: 'frozen', ...leadOver(frozen, SESSIONS_AS_SERVED, 'V-SKNN', random.fork('frozen')) },
      { protocol: 'live', ...leadOver(live, SESSIONS_AS_SERVED, 'V-SKNN', random.fork('live')) },
    ],
    data: { train: log.train.length, test: log.test.length, sessions: new Set(frozen.sessions).size, steps },
  };
}

/** Walks over the steps of the test part, where all methods rank the next item. */
async function walk(
  { train, test }: ClickLog,
  isLive: boolean,
  sequences: ReadonlyMap<string, NextItems> = new Map(),
): Promise<Ranks> {
  const peers = createPeers();
  const stage = openSessionStage();
  for (const click of train) {
    peers.take(click);
    stage.take(click);
  }
  peers.endTraining();
  const sessions = Map.groupBy(test, ({ session }) => session);
  const reached = new Map<string, number>();
  const stepsOf: string[] = [];
  const byMethod = new Map<string, number[]>();
  const note = (name: string, list: readonly string[], next: string) => {
    const own = byMethod.get(name) ?? [];
    byMethod.set(name, own);
    own.push(list.slice(0, LIST).indexOf(next));
  };
  for (const click of test) {
    const own = sessions.get(click.session)!;
    const step = reached.get(click.session) ?? 0;
    reached.set(click.session, step + 1);
    if (isLive) stage.take(click);
    const prefix = own.slice(0, step + 1).map(({ item }) => item);
    const next = own[step + 1]?.item;
    if (next !== undefined && !prefix.includes(next)) {
      stepsOf.push(click.session);
      for (const [name, list] of peers.rank(prefix, click, LIST)) note(name, list, next);
      for (const [name, rank] of sequences) note(name, rank(prefix), next);
      const proposals = await stage.proposals(prefix, click, isLive);
      for (const [name, list] of sessionLists(proposals, prefix)) note(name, list, next);
    }
    if (isLive) peers.take(click);
  }
  return { sessions: stepsOf, byMethod };
}
