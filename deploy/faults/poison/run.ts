import { modelNamesOf } from '#contracts/domain/proposed-lists.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { groupLags } from '#topics/lag.ts';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import { openPath, type Path } from '../../path/path.ts';
import {
  PARTITION,
  publish,
  someAction,
  someEmbedding,
  someInterests,
  someProposal,
  someReward,
  someSlate,
  userOf,
} from '../../path/some-records.ts';
import { byteCases, followedCases, TOMBSTONE } from './bytes.ts';
import { type CaseContext, type PoisonCase, READERS } from './case.ts';
import { openRawProducer, type RawProducer } from './raw-producer.ts';
import { recordBatch } from './record-batch.ts';
import { recordCases } from './records.ts';

/** The stages that the corpus runs against. */
export const CORPUS_STAGES = ['interests', 'index', 'propose', 'rerank', 'feedback', 'retrain'] as const;

export interface PoisonResult {
  readonly cases: number;
  /** Batches that the broker itself refused, by case. */
  readonly refused: readonly string[];
  /** Stages that exited. */
  readonly stopped: number;
  /** Whether each case has exactly the dead letters that it should have, one for each group. */
  readonly lettersOnce: boolean;
  /** The differences between the expected and the actual letters, and valid messages that were not handled. */
  readonly differences: readonly string[];
  /** Time from the last message until all groups had handled all messages. */
  readonly handledSeconds: number;
  /** The largest resident memory of a stage afterwards; 0 if a stage exited. */
  readonly memoryMib: number;
}

/** A case that the broker has accepted, with its place. */
interface Sent {
  readonly poison: PoisonCase;
  readonly partition: number;
  readonly lastOffset: number;
}

const HANDLED_MS = 120_000;
const MIB = 1_048_576;

/** Sends every case between two valid messages to running stages, on the servers of the environment. */
export async function runCorpus(): Promise<PoisonResult> {
  const path = await openPath(CORPUS_STAGES, {}, ({ write }) => publish(write));
  try {
    return await attack(path);
  } finally {
    await path.close();
  }
}

async function attack(path: Path): Promise<PoisonResult> {
  const exited = new Set<string>();
  for (const { name, exited: end } of path.stages.processes) void end.then(() => exited.add(name));
  const cases = [...byteCases(), ...recordCases(), ...followedCases()];
  const { kafka } = path.namespace;
  const producer = await openRawProducer(kafka);
  const sent: Sent[] = [];
  const refused: string[] = [];
  const good = createGood(path, producer);
  for (const [number, poison] of cases.entries()) {
    await good.send(poison.topic);
    const answer = await sendCase(path, producer, poison, number, good.sequence);
    if (answer === undefined) refused.push(`${poison.topic}: ${poison.name}`);
    else sent.push(answer);
    if (answer !== undefined) good.note(answer);
  }
  for (const topic of new Set(cases.map((poison) => poison.topic))) await good.send(topic);
  const lastSentAt = performance.now();
  await handled(path, exited);
  const handledSeconds = (performance.now() - lastSentAt) / 1_000;
  const differences = [
    ...(await differingLetters(path, sent)),
    ...(exited.size > 0 ? [...exited].map((name) => `${name} exited`) : await good.missing()),
  ];
  const memoryMib = exited.size > 0 ? 0 : await largestMemory(path);
  if (differences.length > 0) differences.push(...(await repetitions(path)));
  producer.close();
  return {
    cases: cases.length,
    refused,
    stopped: exited.size,
    lettersOnce: differences.length === 0,
    differences,
    handledSeconds: Math.round(handledSeconds * 10) / 10,
    memoryMib,
  };
}

/** @returns undefined if the broker refuses the batch */
async function sendCase(
  { namespace }: Path,
  producer: RawProducer,
  poison: PoisonCase,
  number: number,
  sequence: number,
): Promise<Sent | undefined> {
  const userId = userOf(1_000_000 + number);
  const context: CaseContext = { userId, key: Buffer.from(userId), sequence, encode: namespace.encode };
  const records = poison.records(context);
  const partition = poison.partition ?? PARTITION;
  const batch = recordBatch(records, poison.batch);
  const answer = await producer.send(namespace.topicOf(poison.topic), partition, batch);
  if ('error' in answer) return undefined;
  return { poison, partition, lastOffset: answer.offset + records.length - 1 };
}

/** Resolves when every group has committed all messages, or a stage has exited. */
async function handled(
  { namespace: { kafka, namespace } }: Path,
  exited: ReadonlySet<string>,
): Promise<void> {
  await waitFor(
    async () => exited.size > 0 || (await groupLags(kafka, namespace)).every(({ lag }) => lag === 0),
    { message: 'all groups without lag', timeoutMs: HANDLED_MS },
  );
}

/** Compares the dead letters with those that the cases should have. */
async function differingLetters(path: Path, sent: readonly Sent[]): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const { value } of await path.read('dead-letters')) {
    const place = placeOf(value.sourceTopic, value.partition, value.offset);
    const letters = found.get(place) ?? [];
    found.set(place, [...letters, `${value.stage} ${value.code}`]);
  }
  const differences: string[] = [];
  for (const { poison, partition, lastOffset } of sent) {
    const { topic, name } = poison;
    const place = placeOf(topic, partition, lastOffset);
    const actual = (found.get(place) ?? []).sort().join(', ');
    const expected = expectedLetters(poison).sort().join(', ');
    found.delete(place);
    if (actual !== expected) differences.push(`${topic}, ${name}: letters “${actual}”, not “${expected}”`);
  }
  for (const [place, letters] of found)
    differences.push(`${place}: letters “${letters.join(', ')}” of a valid message`);
  return differences;
}

function expectedLetters({ topic, code }: PoisonCase): string[] {
  if (code === undefined) return [];
  if (typeof code === 'string') return (READERS[topic] ?? []).map((stage) => `${stage} ${code}`);
  return Object.entries(code).map(([stage, own]) => `${stage} ${own}`);
}

function placeOf(topic: string, partition: number, offset: number): string {
  return `${topic} ${partition}:${offset}`;
}

/** Counters of what makes a stage repeat its work, which tell whence a second letter comes. */
const REPETITIONS =
  /^(tributary_(?:unacknowledged_writes|group_rejoins|state_rebuilds)_total\S*) ([1-9]\d*)$/gm;

/** @returns the counters above 0, of the stages that run */
async function repetitions(path: Path): Promise<string[]> {
  const found: string[] = [];
  for (const [name, port] of Object.entries(path.stages.ports)) {
    const text = await metricsAt(port).catch(() => '');
    for (const [, counter, count] of text.matchAll(REPETITIONS))
      found.push(`${name}: ${counter} is ${count}`);
  }
  return found;
}

async function metricsAt(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

async function largestMemory({ stages }: Path): Promise<number> {
  const sizes = await Promise.all(
    Object.values(stages.ports).map(async (port) => {
      const text = await metricsAt(port);
      return Number(/^process_resident_memory_bytes\S* (\S+)$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return Math.round(Math.max(...sizes) / MIB);
}

/** The valid messages between the cases, and how it is seen that the stages have handled them. */
function createGood(path: Path, producer: RawProducer) {
  const { encode, topicOf } = path.namespace;
  const users: Record<'actions' | 'interests' | 'proposals' | 'slates' | 'rewards', string[]> = {
    actions: [],
    interests: [],
    proposals: [],
    slates: [],
    rewards: [],
  };
  let number = 0;
  /** Offset of the next reward. Sequence numbers follow the offsets, and so grow. */
  let nextReward = 0;
  let validRewards = 0;

  function encodedGood(topic: TopicName, userId: string): Buffer | undefined {
    if (topic === 'actions') return encode('UserAction', someAction(userId));
    if (topic === 'interests') return encode('UserInterests', someInterests(userId));
    if (topic === 'proposals') return encode('Proposal', someProposal(userId));
    if (topic === 'slates') return encode('Slate', someSlate(userId));
    if (topic === 'rewards') return encode('Reward', someReward(userId, nextReward + 1));
    return undefined;
  }

  return {
    get sequence() {
      return nextReward + 1;
    },

    /** Counts the valid ones among the cases too. */
    note({ poison, partition, lastOffset }: Sent): void {
      if (poison.topic !== 'rewards' || partition !== PARTITION) return;
      nextReward = lastOffset + 1;
      if (poison.code === undefined && poison.name !== TOMBSTONE) validRewards += 1;
    },

    async send(topic: TopicName): Promise<void> {
      const userId = userOf(number++);
      const value = encodedGood(topic, userId);
      if (value === undefined) return;
      users[topic as keyof typeof users].push(userId);
      const batch = recordBatch([{ key: Buffer.from(userId), value }]);
      const answer = await producer.send(topicOf(topic), PARTITION, batch);
      if ('error' in answer) throw new Error(`${topic} refuses a valid message with error ${answer.error}`);
      if (topic === 'rewards') nextReward = answer.offset + 1;
    },

    /** The valid messages whose effect is not there. */
    async missing(): Promise<string[]> {
      const [interests, proposals] = [await readValid(path, 'interests'), await readValid(path, 'proposals')];
      const derived = new Set(interests.map(({ key, value }) => (value.windowSize > 0 ? key : '')));
      const proposed = new Set(
        proposals
          .filter(({ value }) => modelNamesOf(value).includes('medoid-neighbours'))
          .map(({ key }) => key),
      );
      const lists = await Promise.all(users.proposals.map((userId) => slateOf(path, userId)));
      const rewards = users.rewards.length + validRewards;
      const observations = await waitForObservations(path, rewards);
      const item = await followedItem(path);
      return [
        ...users.actions
          .filter((userId) => !derived.has(userId))
          .map((userId) => `no interests of ${userId}`),
        ...users.interests
          .filter((userId) => !proposed.has(userId))
          .map((userId) => `no proposal for ${userId}`),
        ...users.proposals.filter((_, i) => lists[i]!.items === 0).map((userId) => `no slate for ${userId}`),
        ...(observations === rewards ? [] : [`${observations} rewards learned, not ${rewards}`]),
        ...(item ? [] : ['the index does not list an item behind the poison']),
      ];
    },
  };
}

interface SlateSummary {
  readonly items: number;
  readonly observations: number;
}

async function slateOf(path: Path, userId: string): Promise<SlateSummary> {
  const { status, body } = await path.call('rerank', 'POST', '/slates', { userId, n: 5 });
  if (status !== 200) return { items: 0, observations: 0 };
  const { slots, observations } = body as { slots: unknown[]; observations: number };
  return { items: slots.length, observations };
}

/** Everything in a topic that can be decoded, with its key. */
async function readValid<T extends TopicName>(
  { namespace }: Path,
  topic: T,
): Promise<Array<{ key: string; value: TopicValue<T> }>> {
  const { kafka, codec, topicOf } = namespace;
  const valid: Array<{ key: string; value: TopicValue<T> }> = [];
  const onMessage = async ({ key, value, batchError }: TopicMessage): Promise<void> => {
    if (value === null || batchError !== undefined) return;
    const decode = async () => (await codec.decode(CATALOG[topic].schema, value)) as TopicValue<T>;
    await decode().then(
      (decoded) => valid.push({ key: String(key), value: decoded }),
      () => undefined,
    );
  };
  await readTopic({ kafka, topic: topicOf(topic), from: { at: 'beginning' }, onMessage });
  return valid;
}

/** The policy is learned again every few seconds. @returns the number of rewards in it */
async function waitForObservations(path: Path, expected: number): Promise<number> {
  let observations = 0;
  const isReached = async () => {
    ({ observations } = await slateOf(path, userOf(0)));
    return observations >= expected;
  };
  await waitFor(isReached, { message: 'the rewards to be learned', timeoutMs: 30_000 }).catch(
    () => undefined,
  );
  return observations;
}

/** Whether followers go on behind the poison: the index lists a new item, and finds the vector of another. */
async function followedItem({ call, write }: Path): Promise<boolean> {
  const itemId = 'behind the poison';
  const content = { title: itemId, text: '', categories: [], attributes: {}, vector: null };
  await write('items', itemId, { itemId, ...content, availability: 'available', updatedAt: Date.now() });
  const embedding = someEmbedding(itemId, { origin: 'inductive' });
  await write('embeddings', `${embedding.generation}/${itemId}`, embedding);
  const isThere = async () => {
    const items = (await call('index', 'POST', '/items', { itemIds: [itemId] })).body as {
      items: Record<string, unknown>;
    };
    const query = { generation: embedding.generation, itemIds: [itemId] };
    const vectors = (await call('index', 'POST', '/vectors', query)).body as {
      vectors: Record<string, unknown>;
    };
    return items.items?.[itemId] !== undefined && vectors.vectors?.[itemId] !== undefined;
  };
  return waitFor(isThere, { message: 'the item behind the poison', timeoutMs: 30_000 }).catch(() => false);
}
