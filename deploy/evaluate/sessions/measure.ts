import type { Figures } from '../../figures/figures.ts';
import { type ClickLog, readClickLog } from './click-log.ts';
import { createPeers, PEER_NAMES } from './peers.ts';
import { type Ranks, rowsOf } from './ranks.ts';
import { type NextItems, trainSequenceLists } from './sequence-lists.ts';
import { listsOf, openSessionStage, SESSION_MODELS, SUMS } from './session-stage.ts';

/** Looked-for items are among so many. */
const LIST = 20;

/**
 * The next item of a session: at each click of the test part, is the next one among the first 20? Steps whose next item was already in
 * the session are left out. `frozen` models know the training part; `live` ones take each click in after it was scored. `served` are the
 * lists of the stage propose by its own code, live, and `sum` what rerank makes of them before it has learned.
 */
export async function measure({ log: path }: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const log = readClickLog(path);
  return measureSessions(log, await trainSequenceLists(log.train, LIST));
}

/** @param sequence the model of sequences, trained on the training part; without it there is no row of it */
export async function measureSessions(log: ClickLog, sequence?: NextItems): Promise<Figures> {
  const frozen = await walk(log, false, sequence);
  const live = await walk(log, true);
  return {
    frozen: rowsOf(pick(frozen, [...PEER_NAMES, ...SESSION_MODELS, ...(sequence ? ['sequence'] : [])])),
    live: rowsOf(pick(live, [...PEER_NAMES, ...SESSION_MODELS])),
    served: rowsOf(pick(live, ['trending', ...SUMS])),
    data: { train: log.train.length, test: log.test.length, steps: frozen.get('popularity')?.length ?? 0 },
  };
}

function pick(ranks: Ranks, names: readonly string[]): Ranks {
  return new Map(names.map((name) => [name, ranks.get(name) ?? []]));
}

/** The ranks of all methods over the steps of the test part; −1 where the next item is not in the list. */
async function walk({ train, test }: ClickLog, isLive: boolean, sequence?: NextItems): Promise<Ranks> {
  const peers = createPeers();
  const stage = openSessionStage();
  for (const click of train) {
    peers.take(click);
    stage.take(click);
  }
  peers.endTraining();
  const sessions = Map.groupBy(test, ({ session }) => session);
  const reached = new Map<string, number>();
  const ranks: Ranks = new Map();
  const note = (name: string, list: readonly string[], next: string) => {
    const own = ranks.get(name) ?? [];
    ranks.set(name, own);
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
      for (const [name, list] of peers.rank(prefix, click, LIST)) note(name, list, next);
      if (sequence !== undefined) note('sequence', sequence(prefix), next);
      const proposals = await stage.proposals(prefix, click, isLive);
      for (const [name, list] of listsOf(proposals, prefix)) note(name, list, next);
    }
    if (isLive) peers.take(click);
  }
  return ranks;
}
