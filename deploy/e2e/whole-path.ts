/** The end-to-end test: an event log goes through every stage and comes back as recommendations, whatever the shape of the stages. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { Path } from '../path/path.ts';

/** What the test needs of the stages. */
export interface WholePath extends Pick<Path, 'call' | 'read'> {
  readonly namespace: Pick<TestNamespace, 'produce'>;
}

const GROUPS = ['coffee', 'garden', 'cycling'] as const;
const ITEMS_A_GROUP = 12;
const USERS_A_GROUP = 20;
const BASKETS = 5;
/** Short times, so that a test need not wait. */
export const WHOLE_PATH_SETTINGS = {
  TRIBUTARY_RETRAIN_SECONDS: '4',
  TRIBUTARY_TRENDING_INTERVAL_MS: '300',
  TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: '1500',
  TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: '500',
  TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: '500',
  TRIBUTARY_FEEDBACK_IDLE_MS: '1000',
  TRIBUTARY_RERANK_REFRESH_MS: '200',
};
const LONG = { timeoutMs: 120_000 };
const HOUR = 3_600_000;

interface Recommended {
  readonly itemId: string;
  readonly title: string;
  readonly propensity: number;
  readonly because: { readonly itemId: string } | null;
  readonly reason: string;
}
interface Recommendations {
  readonly slateId: string;
  readonly generation: string | null;
  readonly interestsVersion: number;
  readonly items: readonly Recommended[];
}

let path: WholePath;

/** Goes through every stage, one subtest a step. */
export async function goThroughEveryStage(t: TestContext, stages: WholePath): Promise<void> {
  path = stages;
  await t.test('items and history are accepted and acknowledged', sendCatalogueAndHistory);
  await t.test('before the first generation every user gets the trending items', trendingBeforeTraining);
  await t.test('a retraining on demand becomes the active generation', retrainOnDemand);
  await t.test('neighbours of an item are of its kind', similarItems);
  await t.test('an accepted action is in the interests and the next slates, with the reason', reflectAction);
  await t.test('an unknown item is kept and clustered when its vector arrives', unknownItem);
  await t.test('a purchase from a slate becomes a reward, and the bandit learns it', learnFromReward);
  await t.test('undecodable bytes go to the dead letters and the partition continues', deadLetter);
}

const itemId = (group: string, number: number): string => `${group}-${number}`;

async function post(route: string, body: unknown, status = 202): Promise<unknown> {
  const answer = await path.call('gateway', 'POST', route, body);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer.body;
}

async function sendCatalogueAndHistory(): Promise<void> {
  const items = GROUPS.flatMap((group) =>
    Array.from({ length: ITEMS_A_GROUP }, (_, number) => ({
      itemId: itemId(group, number),
      title: `${group} thing ${number}`,
      categories: [group],
    })),
  );
  const put = await path.call('gateway', 'PUT', '/v1/items', items);
  assert.equal(put.status, 202, JSON.stringify(put.body));

  const random = createRandom('history');
  const start = Date.now() - 10 * 24 * HOUR;
  const actions = GROUPS.flatMap((group) =>
    Array.from({ length: USERS_A_GROUP * BASKETS * 4 }, (_, i) => {
      const user = Math.floor(i / (BASKETS * 4));
      const basket = Math.floor(i / 4) % BASKETS;
      return {
        eventId: `history-${group}-${i}`,
        userId: `${group}-fan-${user}`,
        itemId: itemId(group, random.integer(ITEMS_A_GROUP)),
        type: 'buy',
        occurredAt: start + basket * 24 * HOUR + user * 1_000,
        contextId: `${group}-${user}-${basket}`,
      };
    }),
  ).sort((a, b) => a.occurredAt - b.occurredAt);
  for (let from = 0; from < actions.length; from += 1_000) {
    const batch = actions.slice(from, from + 1_000);
    assert.deepEqual(
      ((await post('/v1/actions', batch)) as { accepted: number; rejected: number }).accepted,
      batch.length,
    );
  }
  const log = await path.read('actions');
  assert.deepEqual(
    new Set(log.map(({ value }) => value.eventId)),
    new Set(actions.map(({ eventId }) => eventId)),
  );
  assert.equal(log.length, actions.length);
}

async function recommend(userId: string): Promise<Recommendations> {
  const { status, body } = await path.call('gateway', 'GET', `/v1/recommendations?userId=${userId}&n=5`);
  assert.equal(status, 200, JSON.stringify(body));
  return body as Recommendations;
}

async function trendingBeforeTraining(): Promise<void> {
  const { items, interestsVersion } = await waitFor(
    async () => {
      const slate = await recommend('nobody-knows-me');
      return slate.items.length === 5 && slate;
    },
    { message: 'trending items for an unknown user', ...LONG },
  );
  assert.equal(interestsVersion, -1);
  for (const { reason, propensity, title } of items) {
    assert.equal(reason, 'popular right now');
    assert.ok(propensity > 0 && propensity <= 1);
    assert.match(title, / thing \d/);
  }
  const { status } = await path.call('gateway', 'GET', `/v1/items/${itemId('coffee', 0)}/similar`);
  assert.equal(status, 503);
}

async function retrainOnDemand(): Promise<void> {
  const { body } = await path.call('retrain', 'POST', '/retrain', {});
  const { generation } = body as { generation: string };
  await waitFor(
    async () => {
      const active = (await path.read('releases')).filter(({ value }) => value.state === 'active');
      return active.some(({ value }) => value.generation === generation);
    },
    { message: `generation ${generation} is active`, ...LONG },
  );
  const embeddings = await path.read('embeddings');
  assert.equal(embeddings.length, GROUPS.length * ITEMS_A_GROUP);
}

async function similarItems(): Promise<void> {
  for (const group of GROUPS) {
    const { status, body } = await path.call('gateway', 'GET', `/v1/items/${itemId(group, 0)}/similar?n=5`);
    assert.equal(status, 200);
    const { items } = body as { items: Array<{ itemId: string }> };
    const alike = items.filter((item) => item.itemId.startsWith(group));
    assert.ok(alike.length >= 4, `${alike.length} of 5 neighbours of ${group}-0 are ${group}`);
  }
}

/** Posts an action and waits until a slate reflects it. */
async function actAndWait(userId: string, item: string): Promise<Recommendations> {
  const accepted = await post('/v1/actions', { userId, itemId: item, type: 'buy' });
  const [result] = (accepted as { results: Array<{ offset: number }> }).results;
  assert.ok(result);
  return waitFor(
    async () => {
      const slate = await recommend(userId);
      return slate.interestsVersion >= result.offset && slate;
    },
    { message: `a slate of ${userId} that reflects offset ${result.offset}`, ...LONG },
  );
}

async function reflectAction(): Promise<void> {
  await actAndWait('newcomer', itemId('cycling', 1));
  await waitFor(
    async () => {
      const { body } = await path.call('gateway', 'GET', '/v1/users/newcomer/interests');
      return (body as { generation: string | null }).generation !== null;
    },
    { message: 'the interests are in the generation', ...LONG },
  );
  const { items, generation } = await actAndWait('newcomer', itemId('cycling', 2));
  assert.ok(generation);
  assert.ok(!items.some((item) => [itemId('cycling', 1), itemId('cycling', 2)].includes(item.itemId)));
  assert.match(await reasonFor('newcomer'), /^because you bought “cycling thing \d+”$/);

  const { body } = await path.call('gateway', 'GET', '/v1/users/newcomer/interests');
  const { medoids, windowSize } = body as {
    medoids: Array<{ title: string; share: number }>;
    windowSize: number;
  };
  assert.equal(windowSize, 2);
  assert.ok(medoids.length > 0 && medoids.every(({ title }) => title.startsWith('cycling thing')));
  const { status } = await path.call('gateway', 'GET', '/v1/users/nobody-knows-me/interests');
  assert.equal(status, 404);
}

/**
 * The first reason that names an item of the user. A process of propose that has not read all vectors of the generation yet proposes
 * without them first, and by them when they are there.
 */
async function reasonFor(userId: string): Promise<string> {
  const explained = await waitFor(
    async () => (await recommend(userId)).items.find((item) => item.because !== null),
    { message: `a slate of ${userId} that names an item of the user`, ...LONG },
  );
  return explained.reason;
}

async function unknownItem(): Promise<void> {
  await actAndWait('pioneer', 'garden-new');
  const { body } = await path.call('gateway', 'GET', '/v1/users/pioneer/interests');
  assert.deepEqual(pick(body), { windowSize: 1, unknownItems: 1, medoids: 0 });

  const item = { title: 'garden thing new', categories: ['garden'] };
  const { status } = await path.call('gateway', 'PUT', '/v1/items/garden-new', item);
  assert.equal(status, 202);
  await waitFor(
    async () => pick((await path.call('gateway', 'GET', '/v1/users/pioneer/interests')).body).medoids === 1,
    { message: 'the new item is a medoid', ...LONG },
  );
  await waitFor(
    async () => (await path.call('gateway', 'GET', '/v1/items/garden-new/similar?n=3')).status === 200,
    { message: 'the new item is in the index', ...LONG },
  );
}

function pick(body: unknown): { windowSize: number; unknownItems: number; medoids: number } {
  const { windowSize, unknownItems, medoids } = body as {
    windowSize: number;
    unknownItems: number;
    medoids: unknown[];
  };
  return { windowSize, unknownItems, medoids: medoids.length };
}

async function learnFromReward(): Promise<void> {
  const { slateId, items } = await recommend('newcomer');
  await post('/v1/actions', { userId: 'newcomer', itemId: items[0]!.itemId, type: 'buy' });
  const rewards = await waitFor(
    async () => {
      const found = (await path.read('rewards')).filter(({ value }) => value.slateId === slateId);
      return found.length === items.length && found;
    },
    { message: 'a reward for each slot', ...LONG },
  );
  const earned = rewards.filter(({ value }) => value.reward > 0).map(({ value }) => value.itemId);
  assert.deepEqual(earned, [items[0]!.itemId]);
  await waitFor(
    async () => {
      await recommend('newcomer');
      const [last] = (await path.read('slates')).filter(({ key }) => key === 'newcomer').slice(-1);
      return (last?.value.observations ?? 0) >= rewards.length;
    },
    { message: 'the posterior holds the rewards', ...LONG },
  );
}

async function deadLetter(): Promise<void> {
  const bytes = Buffer.from('no avro at all');
  await path.namespace.produce('actions', { key: 'newcomer', value: bytes });
  await actAndWait('newcomer', itemId('cycling', 3));
  const letters = await waitFor(
    async () => {
      const found = (await path.read('dead-letters')).filter(({ value }) => value.stage === 'interests');
      return found.length > 0 && found;
    },
    { message: 'a dead letter of interests', ...LONG },
  );
  assert.equal(letters.length, 1);
  assert.deepEqual(letters[0]!.value.value, bytes);
  assert.equal(letters[0]!.value.sourceTopic, 'actions');
  assert.equal(letters[0]!.value.code, 'decode.magic');
}
