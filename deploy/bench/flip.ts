import { Agent, request } from 'undici';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import type { Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { activate } from '#operations/releases/change-releases.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { Figures } from '../figures/figures.ts';
import type { Path } from '../path/path.ts';
import { type LoadFigures, offerLoad } from './load.ts';
import { onStages } from './on-stages.ts';

const GENERATIONS = ['20260101T000000000Z', '20260102T000000000Z'] as const;
const DIMENSION = 64;
/**
 * Items of both generations, which are requested; each generation also has items of its own, which responses contain.
 */
const SHARED_ITEMS = 500;
const OWN_ITEMS = 2_500;
const NEIGHBOURS = 10;
const FLIPS = 8;
const REQUESTS_PER_SECOND = 500;
const TIMEOUT_MS = 2_000;
/**
 * Short, so that each flip builds its graph under the load. But long enough for a response that names a generation,
 * and for the next request, which names it.
 */
const SETTINGS = { TRIBUTARY_INDEX_KEEP_RETIRED_MS: String(2 * TIMEOUT_MS) };

/**
 * Two generations alternate by `npm run releases -- activate` while 500 requests a second go to the index and,
 * through the gateway, to its neighbours. A response is mixed if it names one generation but contains a neighbour
 * that only the other one has; `telling` responses contain at least one neighbour that only one of them has, so that
 * a mixture would show.
 */
export function measure(): Promise<Figures> {
  return onStages(['gateway', 'index'], SETTINGS, async (path) => {
    const random = createRandom('flip');
    for (const generation of GENERATIONS) await publish(path, generation, random);
    await served(path, GENERATIONS[1]);
    const judge = createJudge();
    const end = new AbortController();
    const load = loadIndex(path, judge, end.signal);
    try {
      await flip(path, FLIPS);
    } finally {
      end.abort();
    }
    const { requests, failed, perSecond, latenciesMs, reasons } = await load;
    if (reasons.length > 0) console.error(`  failed: ${reasons.join('; ')}`);
    const { mixed, telling, answersByGeneration } = judge;
    return {
      requests,
      failed,
      mixed,
      telling,
      flips: FLIPS,
      perSecond,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      answersByGeneration,
    };
  });
}

const ownItem = (generation: string, number: number): string => `${generation}~${number}`;
const sharedItem = (number: number): string => `shared~${number}`;

async function publish({ write }: Path, generation: string, random: Random): Promise<void> {
  const itemIds = [
    ...Array.from({ length: SHARED_ITEMS }, (_, number) => sharedItem(number)),
    ...Array.from({ length: OWN_ITEMS }, (_, number) => ownItem(generation, number)),
  ];
  await Promise.all(
    itemIds.map((itemId) => {
      const vector = encodeVector(randomUnit(random));
      const embedding = { generation, itemId, vector, origin: 'trained' as const, basis: null };
      return write('embeddings', `${generation}/${itemId}`, embedding);
    }),
  );
  const release: Release = {
    generation,
    state: 'ready',
    dimension: DIMENSION,
    alpha: 1,
    itemCount: itemIds.length,
    actionCount: 0,
    createdAt: 0,
    updatedAt: 0,
    metrics: {},
    modelCard: '',
    reason: null,
    follows: null,
  };
  await write('releases', generation, release);
}

function randomUnit(random: Random): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, () => random.normal());
  normaliseInPlace(vector);
  return vector;
}

interface Status {
  readonly active: { readonly generation: string } | null;
  readonly held: readonly string[];
}

/** Resolves when the generation serves and the previous one has been dropped. */
async function served(path: Path, generation: string): Promise<void> {
  await waitFor(
    async () => {
      const { active, held } = (await path.call('index', 'GET', '/status')).body as Status;
      return active?.generation === generation && held.length === 1;
    },
    { message: `${generation} serves alone`, timeoutMs: 120_000 },
  );
}

/** Starts and ends with the newer generation serving, if the number is even. */
async function flip(path: Path, times: number): Promise<void> {
  const { kafka, codec, namespace } = path.namespace;
  for (let turn = 0; turn < times; turn++) {
    const generation = GENERATIONS[turn % 2]!;
    await activate({ kafka, codec, namespace }, generation);
    await served(path, generation);
    console.error(`  flip ${turn + 1} of ${times}, to ${generation}`);
  }
}

interface Answered {
  readonly generation: string;
  readonly itemIds: readonly string[];
}

interface Judge {
  readonly mixed: number;
  readonly telling: number;
  readonly answersByGeneration: Readonly<Record<string, number>>;
  record(answer: Answered): void;
}

function createJudge(): Judge {
  const answersByGeneration: Record<string, number> = {};
  let mixed = 0;
  let telling = 0;
  return {
    get mixed() {
      return mixed;
    },
    get telling() {
      return telling;
    },
    answersByGeneration,
    record({ generation, itemIds }) {
      answersByGeneration[generation] = (answersByGeneration[generation] ?? 0) + 1;
      const owners = itemIds.map((itemId) => itemId.split('~')[0]!).filter((owner) => owner !== 'shared');
      if (owners.length > 0) telling += 1;
      if (owners.some((owner) => owner !== generation)) mixed += 1;
    },
  };
}

interface SimilarAnswer {
  readonly generation: string;
  readonly items: readonly { readonly itemId: string }[];
}

interface SearchAnswer {
  readonly generation: string;
  readonly results: readonly { readonly neighbours: readonly { readonly itemId: string }[] }[];
}

/** The requests of all clients of the index, in turn: an app, a stage, and propose, which names its generation. */
async function loadIndex({ stages }: Path, judge: Judge, until: AbortSignal): Promise<LoadFigures> {
  const agent = new Agent({ connections: 64 });
  const random = createRandom('questions');
  const urlOf = (stage: string, path: string): string => `http://127.0.0.1:${stages.ports[stage]}${path}`;
  let known: string = GENERATIONS[1];
  const ask = async <T>(url: string, body?: unknown): Promise<T> => {
    const answer = await request(url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text) as T;
  };
  const anItem = (): string => sharedItem(random.integer(SHARED_ITEMS));
  const similar = async (stage: string, prefix: string): Promise<void> => {
    const path = `${prefix}/items/${anItem()}/similar?n=${NEIGHBOURS}`;
    const { generation, items } = await ask<SimilarAnswer>(urlOf(stage, path));
    known = generation;
    judge.record({ generation, itemIds: items.map(({ itemId }) => itemId) });
  };
  const search = async (named: { generation?: string }): Promise<void> => {
    const queries = [{ itemId: anItem() }, { vector: [...randomUnit(random)] }, { itemId: anItem() }];
    const body = { ...named, queries, k: NEIGHBOURS };
    const { generation, results } = await ask<SearchAnswer>(urlOf('index', '/search'), body);
    const itemIds = results.flatMap(({ neighbours }) => neighbours.map(({ itemId }) => itemId));
    judge.record({ generation, itemIds });
    if (named.generation !== undefined && generation !== named.generation)
      throw new Error(`${generation} answered for ${named.generation}`);
  };
  const questions = [
    () => similar('gateway', '/v1'),
    () => similar('index', ''),
    () => search({}),
    () => search({ generation: known }),
  ];
  try {
    return await offerLoad({
      perSecond: REQUESTS_PER_SECOND,
      until,
      send: (number) => questions[number % questions.length]!(),
    });
  } finally {
    await agent.close();
  }
}
