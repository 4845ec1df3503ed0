import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { STAGE_NAMES } from '#stages/stages.ts';
import type { Figures } from '../figures/figures.ts';
import type { Path } from '../path/path.ts';
import { onStages } from './on-stages.ts';

const CATEGORIES = 20;
const ITEMS_A_CATEGORY = 50;
const USERS_A_CATEGORY = 20;
const BASKETS = 5;
const BASKET = 5;
const NEW_ITEMS = 100;
const NEIGHBOURS = 10;
const AT_A_TIME = 1_000;
const DAY = 86_400_000;
/**
 * Longest pause between two new items: longer than the interval of the upkeep, so that they arrive at any point of
 * it.
 */
const PAUSE_MS = 600;
const SETTINGS = { TRIBUTARY_RETRAIN_SECONDS: '5', TRIBUTARY_RETRAIN_INTERVAL_MS: '0' };
const PATIENCE = { timeoutMs: 240_000 };

/**
 * All stages, a generation trained on them, and then unknown items, one after the other: milliseconds from the
 * arrival of the 202 for `PUT /v1/items/:id` to the arrival of the first 200 of `GET /v1/items/:id/similar`. It is
 * requested every 10 ms, so that a figure is too large by at most that and one request. `alike` is the share of its
 * neighbours that are of its category: the item is retrievable, and in the right place.
 */
export function measure(): Promise<Figures> {
  return onStages(STAGE_NAMES, SETTINGS, async (path) => {
    await sendHistory(path);
    await train(path);
    const random = createRandom('new items');
    const waits: number[] = [];
    let alike = 0;
    for (let number = 0; number < NEW_ITEMS; number++) {
      await delay(random.next() * PAUSE_MS);
      const category = categoryOf(random.integer(CATEGORIES));
      const { waitMs, neighbours } = await putAndFind(path, category, `${category}-new-${number}`);
      waits.push(waitMs);
      alike += neighbours.filter((itemId) => itemId.startsWith(`${category}-`)).length;
    }
    return {
      items: NEW_ITEMS,
      p50Ms: quantile(waits, 0.5),
      p99Ms: quantile(waits, 0.99),
      maxMs: Math.max(...waits),
      alike: alike / (NEW_ITEMS * NEIGHBOURS),
    };
  });
}

const categoryOf = (number: number): string => `category${number}`;

const describeItem = (category: string, itemId: string) => ({
  title: `${itemId} thing`,
  categories: [category],
});

async function sendHistory(path: Path): Promise<void> {
  const random = createRandom('history');
  const start = Date.now() - 10 * DAY;
  const categories = Array.from({ length: CATEGORIES }, (_, number) => categoryOf(number));
  const items = categories.flatMap((category) =>
    Array.from({ length: ITEMS_A_CATEGORY }, (_, number) => {
      const itemId = `${category}-${number}`;
      return { itemId, ...describeItem(category, itemId) };
    }),
  );
  const actions = categories.flatMap((category) =>
    Array.from({ length: USERS_A_CATEGORY * BASKETS * BASKET }, (_, i) => {
      const basket = Math.floor(i / BASKET);
      const user = Math.floor(basket / BASKETS);
      return {
        eventId: `${category}-${i}`,
        userId: `${category}-fan-${user}`,
        itemId: `${category}-${random.integer(ITEMS_A_CATEGORY)}`,
        type: 'buy',
        occurredAt: start + (basket % BASKETS) * DAY + user * 1_000,
        contextId: `${category}-${basket}`,
      };
    }),
  );
  await send(path, 'PUT', '/v1/items', items);
  await send(path, 'POST', '/v1/actions', actions);
}

async function send(path: Path, method: string, route: string, entries: readonly unknown[]): Promise<void> {
  for (let from = 0; from < entries.length; from += AT_A_TIME)
    await accept(path, method, route, entries.slice(from, from + AT_A_TIME));
}

async function accept(path: Path, method: string, route: string, body: unknown): Promise<void> {
  const answer = await path.call('gateway', method, route, body);
  if (answer.status !== 202)
    throw new Error(`${method} ${route} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

async function train(path: Path): Promise<void> {
  const { generation } = (await path.call('retrain', 'POST', '/retrain', {})).body as { generation: string };
  console.error(`  training ${generation} …`);
  await waitFor(
    async () => {
      const { last } = (await path.call('retrain', 'GET', '/status')).body as {
        last: { state: string; reason: string | null } | null;
      };
      if (last?.state === 'rejected') throw new Error(`the training was rejected: ${last.reason}`);
      const { active } = (await path.call('index', 'GET', '/status')).body as {
        active: { generation: string } | null;
      };
      return active?.generation === generation;
    },
    { message: `${generation} serves`, ...PATIENCE },
  );
}

async function putAndFind(
  path: Path,
  category: string,
  itemId: string,
): Promise<{ waitMs: number; neighbours: string[] }> {
  await accept(path, 'PUT', `/v1/items/${itemId}`, describeItem(category, itemId));
  const accepted = performance.now();
  const similar = await waitFor(
    async () => {
      const answer = await path.call('gateway', 'GET', `/v1/items/${itemId}/similar?n=${NEIGHBOURS}`);
      return answer.status === 200 && (answer.body as { items: { itemId: string }[] });
    },
    { message: `${itemId} is found`, ...PATIENCE },
  );
  const waitMs = performance.now() - accepted;
  return { waitMs, neighbours: similar.items.map((item) => item.itemId) };
}
