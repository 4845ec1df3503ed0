import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMBINER } from '#artefacts/combiner.ts';
import { type ArtefactLog, writeArtefact } from '#artefacts/writer.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { isEveryone } from '#contracts/domain/ids.ts';
import { combineProposals, type ModelProposal, modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal, Slate, UserInterests } from '#contracts/generated/records.ts';
import { createPeer } from '#platform/http/peer.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { CATALOG, type TopicName } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import { ALL_MODELS, servedKinds } from '../temporal/serve-all.ts';
import { interestRecords } from './interest-records.ts';
import { actionRecord, embeddingRecords, itemRecords, releaseRecord } from './log-end.ts';
import { artefactsOf, modelsAt, proposalsFor } from './proposals.ts';
import { someLog } from './some-log.testing.ts';
import { sumOfProposals } from './sum.ts';

const USERS = 50;
const SLATE = 10;
/** The order of the candidates before any reward, as the evaluation has it. */
const UNLEARNED = { TRIBUTARY_RERANK_POLICY: 'greedy', TRIBUTARY_RERANK_SUPPORT: '0' };

describe('what the running stages serve', () => {
  const log = someLog(Date.now());
  const stages: StageProcess[] = [];
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
  });

  after(async () => {
    for (const stage of stages) await stage.stop();
    await test.close();
  });

  const write = (topic: TopicName, key: string, bytes: Buffer) => test.produce(topic, { key, value: bytes });

  /** Writes as a stage does, without its producer. */
  const writeRecord: ArtefactLog['produce'] = async (topic, key, value) => {
    const bytes = value === null ? null : test.encode(CATALOG[topic].schema, value as never);
    return test.produce(topic, { key, value: bytes });
  };

  async function writeLog(): Promise<void> {
    await Promise.all(
      [...itemRecords(log)].map((one) => write('items', one.itemId, test.encode('Item', one))),
    );
    const vectors = [...embeddingRecords(log)];
    await Promise.all(
      vectors.map((one) => write('embeddings', embeddingKey(one), test.encode('ItemEmbedding', one))),
    );
    const release = releaseRecord(log);
    await write('releases', release.generation, test.encode('Release', release));
    for (const artefact of artefactsOf(log)) await writeArtefact({ produce: writeRecord }, artefact);
    for (let i = 0; i < log.actions.at.length; i++) {
      const action = actionRecord(log, i);
      await write('actions', action.userId, test.encode('UserAction', action));
    }
  }

  async function start(
    name: 'interests' | 'index' | 'propose' | 'rerank',
    environment: Readonly<Record<string, string>> = {},
  ) {
    const stage = await startStageProcess(name, { TRIBUTARY_NAMESPACE: test.namespace, ...environment });
    stages.push(stage);
    return stage;
  }

  /** The newest record of each key of a topic. */
  async function newestOf<T>(topic: TopicName, schema: string): Promise<Map<string, T>> {
    const newest = new Map<string, T>();
    const values: Array<[string, Buffer]> = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: ({ key, value }) => void values.push([String(key), value!]),
    });
    for (const [key, value] of values)
      newest.set(key, (await test.codec.decode(schema as never, value)) as T);
    return newest;
  }

  /** Resolves when the log holds the interests of all actions. */
  async function writeInterests(records: readonly UserInterests[]): Promise<void> {
    await start('interests');
    const counts = new Map(records.map(({ userId, windowSize }) => [userId, windowSize]));
    await waitFor(
      async () => {
        const held = await newestOf<UserInterests>('interests', 'UserInterests');
        return [...counts].every(([userId, size]) => held.get(userId)?.windowSize === size);
      },
      { message: 'the interests hold all actions', timeoutMs: 60_000 },
    );
  }

  /** The lists of each user by model, and those for everyone, as soon as they answer the newest interests. */
  async function readProposals(forEveryone: number): Promise<Map<string, ModelProposal[]>> {
    const versions = await newestOf<UserInterests>('interests', 'UserInterests');
    const held = await waitFor(
      async () => {
        const proposals = await newestOf<Proposal>('proposals', 'Proposal');
        const shared = [...proposals.values()].filter(({ userId }) => isEveryone(userId)).length;
        const isWhole = [...versions].every(
          ([userId, { version }]) => proposals.get(userId)?.version === version,
        );
        return isWhole && shared === forEveryone && proposals;
      },
      { message: 'every user has lists of the newest interests', timeoutMs: 60_000 },
    );
    const shared = [...held.values()].filter(({ userId }) => isEveryone(userId)).flatMap(modelProposalsOf);
    return new Map(
      [...versions.keys()].map((userId) => [userId, [...shared, ...modelProposalsOf(held.get(userId)!)]]),
    );
  }

  it('the lists of all models and the slates of the running stages are those of the evaluation, item by item', async () => {
    await writeLog();
    const records = [...interestRecords(log, new Set(log.actions.user), readInterestsConfig()).values()];
    // Popularity is then that of the whole log, and propose answers the interests as they stand.
    await writeInterests(records);
    const config = readProposeConfig(ALL_MODELS);
    const models = modelsAt(log, config);
    const evaluated = await proposalsFor(models, records);
    assert.equal(evaluated.size, USERS);
    const [index, rerank] = await Promise.all([start('index'), start('rerank', UNLEARNED)]);
    await start('propose', { ...ALL_MODELS, TRIBUTARY_INDEX_URL: index.url });
    const served = await readProposals(models.forEveryone.length);
    for (const [userId, expected] of evaluated) {
      const lists = new Map(served.get(userId)!.map((list) => [list.model, list]));
      assert.deepEqual([...lists.keys()].sort(), expected.map(({ model }) => model).sort());
      for (const list of asPublished(expected)) assertSame(lists.get(list.model)!, list);
    }
    const withItems = evaluated.get(records[0]!.userId)!.filter(({ items }) => items.length >= SLATE);
    assert.ok(withItems.some(({ model }) => model === COMBINER));
    assert.ok(withItems.length >= 8, withItems.map(({ model }) => model).join());

    const peer = createPeer({ name: 'rerank', url: rerank.url, timeoutMs: 10_000 });
    const kinds = { kindOf: servedKinds(log), most: readRerankConfig().ofOneKind };
    for (const { userId, recent, version } of records) {
      const slate = await waitFor(
        async () => {
          const answer = await peer.post<Slate>('/slates', { userId, n: SLATE, probe: true });
          return answer.interestsVersion === served.get(userId)!.at(-1)!.version && answer;
        },
        { message: `rerank has the lists of ${userId} after action ${version}`, timeoutMs: 30_000 },
      );
      const expected = sumOfProposals(evaluated.get(userId)!, new Set(recent), { kinds }).slice(0, SLATE);
      assert.deepEqual(
        slate.slots.map(({ itemId }) => itemId),
        expected,
        userId,
      );
    }
    await peer.close();
  });
});

/** The lists as one record for the user and one for everyone hold them. */
function asPublished(lists: readonly ModelProposal[]): ModelProposal[] {
  const [shared, own] = [true, false].map((isShared) =>
    lists.filter(({ userId }) => isEveryone(userId) === isShared),
  );
  const combined = own!.length === 0 ? [] : modelProposalsOf(combineProposals(own!));
  return [...shared!, ...combined];
}

function assertSame({ items }: ModelProposal, { model, userId, items: expected }: ModelProposal): void {
  const about = `${model} of ${userId}`;
  assert.deepEqual(
    items.map(({ itemId }) => itemId),
    expected.map(({ itemId }) => itemId),
    about,
  );
  assert.deepEqual(
    items.map(({ because }) => because?.itemId),
    expected.map(({ because }) => because?.itemId),
    about,
  );
  for (const [place, { score, popularity }] of items.entries()) {
    // The record holds 32-bit floats, and counts of partitions are added in another order.
    const bound = 1e-6 * Math.max(1, Math.abs(score));
    assert.ok(Math.abs(score - expected[place]!.score) < bound, about);
    assert.ok(Math.abs(popularity - expected[place]!.popularity) < 1e-6, about);
  }
}
