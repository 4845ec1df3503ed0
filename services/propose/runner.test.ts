import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { interests } from './interests.testing.ts';
import { openPass, type TestPass } from './pass.testing.ts';
import type { ListsForUsers, ProposedList } from './proposers/proposer.ts';

type Propose = ListsForUsers['propose'];

/** A list for each user whose one item is named after the version of the interests. */
const proposeVersions: Propose = async (users) =>
  new Map(users.map(({ userId, version }) => [userId, { items: [{ itemId: `v${version}`, score: 1 }] }]));

const outage = () => new TributaryError('peer.unavailable', 'no answer', { retryable: true });
const never = () => new Promise<never>(() => {});

/** A pass of models by their names. */
const passOf = (models: Record<string, Propose>, options?: Parameters<typeof openPass>[1]): TestPass =>
  openPass(
    Object.entries(models).map(([name, propose]) => ({
      name,
      explanation: `by ${name}`,
      candidates: 2,
      propose,
    })),
    options,
  );

const user = (userId: string, version = 1): UserInterests => interests({ userId, version });
const users = (count: number) => Array.from({ length: count }, (_, i) => user(`u${i}`));

describe('the pass over interests', () => {
  it('the pass over interests produces the lists of all models for a user from one record', async () => {
    const pass = passOf({ a: proposeVersions, b: proposeVersions });
    await pass.read(user('u1', 7));
    assert.deepEqual(pass.published, [
      {
        userId: 'u1',
        model: 'a',
        explanation: 'by a',
        generation: null,
        version: 7,
        receivedAt: 2_000,
        recent: [],
        interestsOffset: 0,
        interestsAt: 0,
        items: [{ itemId: 'v7', score: 1, because: null, popularity: 0, explanation: '' }],
      },
      { ...pass.published[0]!, model: 'b', explanation: 'by b' },
    ]);
    assert.deepEqual(pass.report.counts, { 'a ok': 1, 'b ok': 1 });
    assert.equal(pass.records.length, 1, 'the log gets one record a user');
  });

  it('the pass over interests passes a model at most 32 users in a call, and only the newest interests of each', async () => {
    const calls: string[][] = [];
    const pass = passOf({
      a: async (given) => {
        calls.push(given.map(({ userId, version }) => `${userId} ${version}`));
        return new Map();
      },
    });
    await pass.read(...users(70), user('u0', 3), user('u0', 2));
    assert.deepEqual(
      calls.map(({ length }) => length),
      [32, 32, 6],
    );
    assert.equal(calls[0]![0], 'u0 3');
    assert.deepEqual(pass.report.counts, { 'a skipped': 70 }, 'a user without a list is counted');
  });

  it('the pass over interests computes the next lists while those before are on their way to the log, and waits for all', async () => {
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>();
    let asked = 0;
    const counting: Propose = (given, signal) => {
      asked += given.length;
      return proposeVersions(given, signal);
    };
    const pass = passOf({ a: counting, b: proposeVersions }, { acknowledge: () => acknowledged });
    let isRead = false;
    const reading = pass.read(...users(70)).then(() => {
      isRead = true;
    });
    await waitFor(() => asked === 70, { message: 'the lists of all users' });
    assert.equal(isRead, false);
    assert.deepEqual(pass.report.counts, {});
    acknowledge();
    await reading;
    assert.deepEqual(pass.report.counts, { 'a ok': 70, 'b ok': 70 });
  });

  it('the pass over interests fails if the log refuses a list', async () => {
    const refuse = async () => {
      throw new Error('the log is full');
    };
    const pass = passOf({ a: proposeVersions, b: proposeVersions }, { acknowledge: refuse });
    await assert.rejects(pass.read(...users(70)), /the log is full/);
    assert.deepEqual(pass.report.counts, {});
  });

  it('the pass over interests cuts a list to the most candidates', async () => {
    const items = ['x', 'y', 'z'].map((itemId) => ({ itemId, score: 1 }));
    const pass = passOf({ a: async () => new Map<string, ProposedList>([['u1', { items }]]) });
    await pass.read(user('u1'));
    assert.deepEqual(pass.listsOf('a'), { u1: 'x,y' });
  });
});

describe('a model that throws', () => {
  it('a model that throws does not keep the other models from publishing', async () => {
    const pass = passOf({
      broken: () => {
        throw new Error('a bug');
      },
      sound: proposeVersions,
    });
    await pass.read(user('u1'), user('u2'));
    assert.deepEqual(pass.listsOf('sound'), { u1: 'v1', u2: 'v1' });
    assert.deepEqual(pass.listsOf('broken'), {}, 'the last lists stay');
    assert.deepEqual(pass.report.counts, { 'sound ok': 2, 'broken failed': 2 });
    assert.match(pass.report.warnings[0]!, /broken: .*a bug/);
  });

  it('a model that throws loses only the users whose interests make it throw', async () => {
    const pass = passOf({
      a: async (given, signal) => {
        if (given.some(({ userId }) => userId === 'u5')) throw new Error('cannot divide by u5');
        return proposeVersions(given, signal);
      },
    });
    await pass.read(...users(40));
    assert.equal(Object.keys(pass.listsOf('a')).length, 39);
    assert.deepEqual(pass.report.counts, { 'a ok': 39, 'a failed': 1 });
  });

  it('a model whose list holds a number that is not finite fails for that user', async () => {
    const pass = passOf({
      a: async (given) =>
        new Map(
          given.map(({ userId }) => [
            userId,
            { items: [{ itemId: 'x', score: userId === 'u0' ? Number.NaN : 1 }] },
          ]),
        ),
    });
    await pass.read(...users(3));
    assert.deepEqual(Object.keys(pass.listsOf('a')), ['u1', 'u2']);
    assert.match(pass.report.warnings[0]!, /x is not a finite number/);
  });
});

describe('a model that fails for a while', () => {
  it('a model that fails for a while is waited for when it is alone, so that nothing is lost', async () => {
    let failures = 3;
    const pass = passOf({
      a: (given, signal) => {
        if (failures-- > 0) throw outage();
        return proposeVersions(given, signal);
      },
    });
    await pass.read(user('u1'));
    assert.deepEqual(pass.listsOf('a'), { u1: 'v1' });
    assert.deepEqual(pass.report.counts, { 'a failed': 3, 'a ok': 1 });
  });

  it('a model that fails for a while does not hold up the others, and proposes from the newest interests when it works again', async () => {
    let isDown = true;
    const pass = passOf({
      flaky: (given, signal) => {
        if (isDown) throw outage();
        return proposeVersions(given, signal);
      },
      sound: proposeVersions,
    });
    await pass.read(user('u1', 1), user('u2', 1));
    await pass.read(user('u1', 2), user('u3', 1));
    assert.deepEqual(pass.listsOf('sound'), { u1: 'v2', u2: 'v1', u3: 'v1' });
    assert.deepEqual(pass.listsOf('flaky'), {});
    assert.equal(pass.report.waitingUsers, 3);

    isDown = false;
    await waitFor(() => pass.report.waitingUsers === 0, { message: 'the waiting users get their lists' });
    assert.deepEqual(pass.listsOf('flaky'), { u1: 'v2', u2: 'v1', u3: 'v1' });
    await waitFor(
      async () => {
        await pass.read(user('u4'));
        return pass.listsOf('flaky').u4 === 'v1';
      },
      { message: 'the model is back in the pass' },
    );
  });

  it('a model that fails for a while drops the users who wait the longest where too many wait, and counts them', async () => {
    let isDown = true;
    const pass = passOf(
      {
        flaky: (given, signal) => {
          if (isDown) throw outage();
          return proposeVersions(given, signal);
        },
        sound: proposeVersions,
      },
      { waitingUsers: 2 },
    );
    await pass.read(...users(5));
    assert.equal(pass.report.counts['flaky dropped'], 3);
    isDown = false;
    await waitFor(() => pass.report.waitingUsers === 0, { message: 'the waiting users get their lists' });
    assert.deepEqual(Object.keys(pass.listsOf('flaky')).sort(), ['u3', 'u4']);
  });

  it('a model that fails for a while proposes nothing to a user who was erased in the meantime', async () => {
    let isDown = true;
    const pass = passOf({
      flaky: (given, signal) => {
        if (isDown) throw outage();
        return proposeVersions(given, signal);
      },
      sound: proposeVersions,
    });
    await pass.read(user('u1'), user('u2'));
    await pass.read({ userId: 'u1', erased: true });
    isDown = false;
    await waitFor(() => pass.listsOf('flaky').u2 === 'v1', { message: 'the other user gets a list' });
    assert.deepEqual(Object.keys(pass.listsOf('flaky')), ['u2']);
  });

  it('a model that fails for a while gives the batch back while the stage drains, alone or beside others, so that it is read again', async () => {
    const down: Propose = () => {
      throw outage();
    };
    for (const models of [{ down }, { down, sound: proposeVersions }]) {
      const pass = passOf(models);
      pass.drain();
      await assert.rejects(pass.read(user('u1')), { code: 'peer.unavailable', retryable: true });
    }
  });

  it('a model that fails for a while reports the users who still wait when the stage stops', async () => {
    const pass = passOf({
      down: () => {
        throw outage();
      },
      sound: proposeVersions,
    });
    await pass.read(user('u1'));
    pass.drain();
    await pass.close();
    assert.match(pass.report.warnings.at(-1)!, /^down: 1 users get no list/);
  });
});

describe('a model that hangs', () => {
  it('a model that hangs holds up the others for its time limit once, and then not at all', async () => {
    let calls = 0;
    const pass = passOf(
      {
        hung: () => {
          calls += 1;
          return never();
        },
        sound: proposeVersions,
      },
      { timeoutMs: 200 },
    );
    await pass.read(user('u1'));
    assert.equal(calls, 1);
    assert.equal(pass.report.counts['hung timed_out'], 1);
    const started = performance.now();
    for (let version = 2; version < 50; version++) await pass.read(user('u1', version));
    assert.ok(performance.now() - started < 48 * 200, 'no batch waits for its time limit');
    assert.deepEqual(pass.listsOf('sound'), { u1: 'v49' });
    assert.ok(calls <= 1 + 48, 'the retries go on one at a time beside the pass');
    pass.drain();
    await pass.close();
  });

  it('a model that works is not taken for one that hangs, however far behind the process is', async () => {
    const [limitMs, callMs, callsInTime] = [1_000, 20, 8];
    const working: Propose = (given, signal) => {
      const end = performance.now() + callMs;
      while (performance.now() < end);
      return proposeVersions(given, signal);
    };
    const behind = 32 * (limitMs / callMs + callsInTime);
    const pass = passOf({ working, sound: proposeVersions }, { timeoutMs: limitMs });
    await pass.read(...users(behind));
    assert.deepEqual(pass.report.counts, { 'working ok': behind, 'sound ok': behind });
    assert.equal(pass.records.length, behind, 'the log gets one record a user');
  });

  it('a model that hangs gets its signal aborted, and a result that comes late is dropped', async () => {
    const { promise: late, resolve } = Promise.withResolvers<ReadonlyMap<string, ProposedList>>();
    const signals: AbortSignal[] = [];
    const pass = passOf(
      {
        slow: (given, signal) => {
          signals.push(signal);
          return signals.length === 1 ? late : proposeVersions(given, signal);
        },
      },
      { timeoutMs: 500 },
    );
    await pass.read(user('u1', 1));
    assert.ok(signals[0]!.aborted);
    await pass.read(user('u1', 2));
    resolve(new Map([['u1', { items: [{ itemId: 'late', score: 1 }] }]]));
    await waitFor(() => pass.published.length > 0, { message: 'the retry' });
    await late;
    assert.deepEqual(
      pass.published.map(({ version, items }) => [version, items[0]?.itemId]),
      [[2, 'v2']],
      'the retry answers the newest interests',
    );
  });

  it('a model that hangs over one user is retried for the other users', async () => {
    const pass = passOf(
      {
        picky: (given, signal) =>
          given.some(({ userId }) => userId === 'u3') ? never() : proposeVersions(given, signal),
      },
      { timeoutMs: 100 },
    );
    await pass.read(...users(8));
    await waitFor(() => Object.keys(pass.listsOf('picky')).length === 7, { message: 'the other lists' });
    assert.equal(pass.listsOf('picky').u3, undefined);
    pass.drain();
    await pass.close();
  });
});
