import type { Redis } from 'ioredis';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openPath, type Path } from '../../path/path.ts';
import { ITEM_IDS, publish, someAction, someProposal } from '../../path/some-records.ts';
import { readInterestsRecords, userKeys } from '../read-stores.ts';

export interface EmptyResult {
  readonly users: number;
  readonly actions: number;
  /** From the emptying until every window is whole and everything is read. */
  readonly recoverySeconds: number;
  /** Users whose record differs in any byte from that of stages whose Redis was never emptied. */
  readonly differences: number;
  /** Requests for a slate meanwhile, and those of them that were answered with another status than 200. */
  readonly requests: number;
  readonly failedRequests: number;
}

/** Actions of each user before the emptying, and while it happens. */
const ROUNDS = 4;
/** Actions that are produced at the same time. */
const AT_A_TIME = 1_000;
const LONG = { timeoutMs: 600_000 };

/** @param empty empties Redis, or at least the keys of the namespace */
export async function emptyUnderLoad(
  users: number,
  empty: (redis: Redis, namespace: string) => Promise<void>,
): Promise<EmptyResult> {
  const start = Date.now() - 3_600_000;
  const emptied = await openPath(['interests', 'rerank'], {}, prepare);
  let records: Map<string, string>;
  let figures: Omit<EmptyResult, 'differences'>;
  const log: Array<{ partition: number; key: string; value: UserAction }> = [];
  try {
    for (let round = 0; round < ROUNDS; round++) await act(emptied, users, round, start);
    await emptied.caughtUp();
    const visits = visit(emptied);
    const acting = act(emptied, users, ROUNDS, start);
    const began = performance.now();
    await empty(emptied.redis, emptied.namespace.namespace);
    await acting;
    await wholeAgain(emptied, users);
    const recoverySeconds = Math.round((performance.now() - began) / 100) / 10;
    figures = { users, actions: users * (ROUNDS + 1), recoverySeconds, ...(await visits.stop()) };
    records = await recordsOf(emptied);
    log.push(...(await emptied.read('actions')));
  } finally {
    await emptied.close();
  }

  const calm = await openPath(['interests'], {}, prepare);
  try {
    await copy(calm, log);
    await wholeAgain(calm, users);
    const expected = await recordsOf(calm);
    const ids = new Set([...records.keys(), ...expected.keys()]);
    const differences = [...ids].filter((id) => records.get(id) !== expected.get(id)).length;
    return { ...figures, differences };
  } finally {
    await calm.close();
  }
}

/** Items with vectors, in a generation that is served, and a list for everyone. */
async function prepare({ write }: Pick<Path, 'write'>): Promise<void> {
  await publish(write);
  await write('proposals', EVERYONE, someProposal(EVERYONE, { version: -1 }));
}

/** One action of every user. */
async function act(path: Path, users: number, round: number, start: number): Promise<void> {
  for (let first = 0; first < users; first += AT_A_TIME) {
    const ids = Array.from({ length: Math.min(AT_A_TIME, users - first) }, (_, i) => first + i);
    await Promise.all(
      ids.map((id) => {
        const occurredAt = start + round * 1_000;
        const change = { eventId: `${round}/${id}`, occurredAt, receivedAt: occurredAt };
        const itemId = ITEM_IDS[(round + id) % ITEM_IDS.length]!;
        const action = someAction(`user-${id}`, { itemId, ...change });
        return path.write('actions', action.userId, action);
      }),
    );
  }
}

/** Writes the log in the order of each partition, which keeps the offsets: they are in the records. */
async function copy(
  path: Path,
  log: ReadonlyArray<{ partition: number; key: string; value: UserAction }>,
): Promise<void> {
  const { kafka, topicOf, encode } = path.namespace;
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (let first = 0; first < log.length; first += AT_A_TIME) {
    const messages = log
      .slice(first, first + AT_A_TIME)
      .map(({ partition, key, value }) => ({ partition, key, value: encode('UserAction', value) }));
    await producer.send({ topic: topicOf('actions'), acks: -1, messages });
  }
  await producer.disconnect();
}

async function wholeAgain(path: Path, users: number): Promise<void> {
  const { redis, namespace } = path;
  await waitFor(
    async () => {
      if ((await userKeys(redis, namespace.namespace)).length !== users) return false;
      return (await path.call('interests', 'GET', '/readyz')).status === 200;
    },
    { message: 'a record of every user', ...LONG },
  );
  await path.caughtUp();
  await waitFor(async () => (await path.call('interests', 'GET', '/readyz')).status === 200, {
    message: 'ready again',
    ...LONG,
  });
}

/** All fields of each record, by user. */
async function recordsOf({ redis, namespace }: Path): Promise<Map<string, string>> {
  const records = new Map<string, string>();
  for (const [userId, record] of await readInterestsRecords(redis, namespace.namespace))
    records.set(userId, JSON.stringify(record));
  return records;
}

/** Asks for slates, one after the other, until it is stopped. */
function visit(path: Path): { stop(): Promise<{ requests: number; failedRequests: number }> } {
  let isStopped = false;
  const counts = { requests: 0, failedRequests: 0 };
  const visiting = (async () => {
    while (!isStopped) {
      const { status } = await path.call('rerank', 'POST', '/slates', {
        userId: `user-${counts.requests}`,
        n: 5,
      });
      counts.requests++;
      if (status !== 200) counts.failedRequests++;
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await visiting;
      return counts;
    },
  };
}
