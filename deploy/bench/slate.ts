import { createRandom } from '#algorithms/random.ts';
import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { readRerankConfig } from '../../services/rerank/config.ts';
import type { Pool } from '../../services/rerank/pools/pool.ts';
import type { Figures } from '../figures/figures.ts';
import { slateComposer } from './slate-composer.ts';

/** As many as the demo has: lists of the data of baskets, of which half the candidates are in several lists. */
const MODELS = ['behaviour', 'bought-again', 'combiner', 'medoid-neighbours', 'places', 'trending'];
const ITEMS = 5_000;
const OF_A_LIST = 150;
const KINDS = 300;
const USERS = 50;
const SLATES = 1_000;

/** Microseconds of processor time that the choice of a slate costs in this process: no Redis, no Kafka, no HTTP. */
export async function measure(): Promise<Figures> {
  const { ofOneKind: ofOneKindServed } = readRerankConfig();
  const pools = Array.from({ length: USERS }, (_, user) => somePool(user));
  const source = {
    version: 1,
    kindOf: (itemId: string) => Math.floor(Number(itemId) ** 2 / (ITEMS ** 2 / KINDS)),
    termsOf: (itemId: string) => [Number(itemId) % KINDS, KINDS + (Number(itemId) % 7)],
  };
  const rows = ['thompson', 'plackett-luce', 'epsilon-greedy', 'greedy'].flatMap((name) =>
    [0, ofOneKindServed].map((ofOneKind) => {
      const compose = slateComposer(name, ofOneKind, source);
      const slate = (i: number): number => compose(pools[i % USERS]!, i);
      for (let i = 0; i < SLATES / 4; i++) slate(i);
      const before = process.cpuUsage();
      let candidates = 0;
      for (let i = 0; i < SLATES; i++) candidates += slate(i);
      const { user, system } = process.cpuUsage(before);
      return {
        policy: name,
        ofOneKind,
        microseconds: (user + system) / SLATES,
        candidates: candidates / SLATES,
      };
    }),
  );
  return { rows };
}

function somePool(user: number): Pool {
  const random = createRandom(`pool ${user}`);
  const first = random.integer(ITEMS);
  const proposals = MODELS.map((model): ModelProposal => {
    const itemIds = new Set<string>();
    while (itemIds.size < OF_A_LIST) {
      const near = (first + Math.floor(Math.abs(random.normal()) * 300)) % ITEMS;
      itemIds.add(String(random.next() < 0.7 ? near : random.integer(ITEMS)));
    }
    const items = [...itemIds].map((itemId, place) => ({
      ...{
        itemId,
        score: 1 / (1 + place) + random.next() / 10,
        because: null,
        popularity: random.next(),
        explanation: '',
      },
    }));
    items.sort((a, b) => b.score - a.score);
    const common = { userId: 'u', generation: null, version: 1, receivedAt: 0, recent: [], explanation: '' };
    return { ...common, model, items, interestsOffset: -1, interestsAt: 0 };
  });
  return {
    proposals: proposals.map(columnsOfModel),
    generation: null,
    interestsVersion: 1,
    recent: new Set(),
    lastReceivedAt: 0,
  };
}
