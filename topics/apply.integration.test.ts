import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { COMPATIBILITY } from '#contracts/registry.ts';
import { applyTopics, planTopics } from './apply.ts';
import { TOPICS } from './catalog.ts';
import { withAdmin } from './connection.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

describe('topics -- apply', () => {
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
  });

  after(() => test.close());

  const configOf = (topic: string) =>
    withAdmin(test.kafka, async (admin) => {
      const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic };
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
      const entries = resources[0]?.configEntries ?? [];
      return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    });

  it('brings an empty cluster to the state of the catalogue, after which the plan is empty', async () => {
    const planned = await planTopics(test);
    assert.equal(planned.length, 3 * TOPICS.length);
    assert.deepEqual(await applyTopics(test), planned);
    assert.deepEqual(await planTopics(test), []);
    assert.deepEqual(await applyTopics(test), []);
    assert.equal(await test.registry.compatibilityOf(`${test.topicOf('slates')}-value`), COMPATIBILITY);
    const metadata = await withAdmin(test.kafka, (admin) =>
      admin.fetchTopicMetadata({ topics: [test.topicOf('actions')] }),
    );
    assert.equal(metadata.topics[0]?.partitions.length, 6);
  });

  it('restores drifted settings and keeps settings that an operator added', async () => {
    const topic = test.topicOf('slates');
    await withAdmin(test.kafka, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: [
              { name: 'retention.ms', value: '1000' },
              { name: 'segment.bytes', value: '2097152' },
            ],
          },
        ],
      }),
    );
    // Kafka confirms a change of configuration before every read shows it.
    while ((await configOf(topic)).get('segment.bytes') !== '2097152') await setImmediate();
    await applyTopics(test);
    const configs = await configOf(topic);
    assert.equal(configs.get('retention.ms'), String(30 * 86_400_000));
    assert.equal(configs.get('segment.bytes'), '2097152');
    assert.deepEqual(await planTopics(test), []);
  });

  it('applies a longer retention, as needed to load an older history', async () => {
    await applyTopics({ ...test, retentionMs: { actions: -1 } });
    assert.equal((await configOf(test.topicOf('actions'))).get('retention.ms'), '-1');
    await applyTopics(test);
  });

  it('changes nothing if any part of the plan is refused', async () => {
    await assert.rejects(applyTopics({ ...test, replicationFactor: 2, retentionMs: { slates: 1 } }), {
      code: 'topics.refused',
      message: /1 of 2 replicas/,
    });
    assert.deepEqual(await planTopics(test), []);
  });

  it('may run twice at the same time', async () => {
    const other = await openTestNamespace();
    try {
      await Promise.all([applyTopics(other), applyTopics(other)]);
      assert.deepEqual(await planTopics(other), []);
    } finally {
      await other.close();
    }
  });
});
