import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CATALOG, COMMON_CONFIGS, TOPICS, type TopicName } from './catalog.ts';
import {
  type ActualState,
  type ActualSubject,
  type ActualTopic,
  type Change,
  desiredTopics,
  planChanges,
  renderPlan,
} from './plan.ts';

const LEVEL = 'FULL_TRANSITIVE';
const EMPTY: ActualState = { topics: new Map(), subjects: new Map() };

/** Returns the state of a cluster after the changes were applied, by the rules of Kafka and the registry. */
function carryOut(changes: readonly Change[], before: ActualState): ActualState {
  const topics = new Map(before.topics);
  const subjects = new Map(before.subjects);
  for (const change of changes) {
    if (change.kind === 'create-topic') {
      const { configs, partitions } = change;
      topics.set(change.topic, {
        partitions,
        replicationFactor: change.replicationFactor ?? 1,
        configs,
        overrides: configs,
      });
    } else if (change.kind === 'alter-configs') {
      const topic = topics.get(change.topic)!;
      topics.set(change.topic, { ...topic, configs: change.configs, overrides: change.configs });
    } else if (change.kind === 'register-schema') {
      const subject = subjects.get(change.subject) ?? { compatibility: null, current: false };
      subjects.set(change.subject, { ...subject, current: true });
    } else if (change.kind === 'set-compatibility') {
      const subject = subjects.get(change.subject) ?? { compatibility: null, current: false };
      subjects.set(change.subject, { ...subject, compatibility: change.to });
    }
  }
  return { topics, subjects };
}

function withTopic(state: ActualState, name: string, change: Partial<ActualTopic>): ActualState {
  const topic = state.topics.get(name)!;
  return { ...state, topics: new Map(state.topics).set(name, { ...topic, ...change }) };
}

function withSubject(state: ActualState, name: string, change: Partial<ActualSubject>): ActualState {
  const subject = state.subjects.get(name)!;
  return { ...state, subjects: new Map(state.subjects).set(name, { ...subject, ...change }) };
}

const desired = desiredTopics('shop', { replicationFactor: 3 });
const settled = carryOut(planChanges(desired, EMPTY, LEVEL), EMPTY);

describe('the plan of topics', () => {
  it('creates every topic of the catalogue with its schema and compatibility level on an empty cluster', () => {
    const changes = planChanges(desired, EMPTY, LEVEL);
    const kinds = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
    assert.equal(kinds('create-topic'), TOPICS.length);
    assert.equal(kinds('register-schema'), TOPICS.length);
    assert.equal(kinds('set-compatibility'), TOPICS.length);
    assert.deepEqual(changes[0], {
      kind: 'create-topic',
      topic: 'shop.actions',
      partitions: 6,
      replicationFactor: 3,
      configs: {
        'cleanup.policy': 'delete',
        'message.timestamp.after.max.ms': '600000',
        'retention.ms': '7776000000',
        'min.insync.replicas': '2',
      },
    });
  });

  it('is empty after it was applied, with any options', () => {
    const retention = fc.dictionary(
      fc.constantFrom<TopicName>('actions', 'interests', 'slates', 'rewards'),
      fc.integer({ min: -1, max: 1e12 }),
    );
    const options = fc.record(
      { replicationFactor: fc.integer({ min: 1, max: 5 }), retentionMs: retention },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, fc.stringMatching(/^[a-z]{0,8}$/), (chosen, namespace) => {
        const wanted = desiredTopics(namespace, chosen);
        assert.deepEqual(planChanges(wanted, carryOut(planChanges(wanted, EMPTY, LEVEL), EMPTY), LEVEL), []);
      }),
    );
  });

  it('alters settings that differ and repeats those an operator added, because Kafka drops settings that a request omits', () => {
    const overrides = {
      ...COMMON_CONFIGS,
      'cleanup.policy': 'delete',
      'retention.ms': '5',
      'segment.bytes': '1048576',
    };
    const state = withTopic(settled, 'shop.slates', {
      overrides,
      configs: { ...overrides, 'min.insync.replicas': '2' },
    });
    assert.deepEqual(planChanges(desired, state, LEVEL), [
      {
        kind: 'alter-configs',
        topic: 'shop.slates',
        differences: [{ name: 'retention.ms', from: '5', to: '2592000000' }],
        configs: {
          ...COMMON_CONFIGS,
          'cleanup.policy': 'delete',
          'retention.ms': '2592000000',
          'segment.bytes': '1048576',
          'min.insync.replicas': '2',
        },
      },
    ]);
  });

  it('treats the two spellings of a clean-up policy as equal', () => {
    const configs = { ...settled.topics.get('shop.interests')!.configs, 'cleanup.policy': 'delete,compact' };
    assert.deepEqual(planChanges(desired, withTopic(settled, 'shop.interests', { configs }), LEVEL), []);
  });

  it('refuses to add partitions to a keyed topic, to remove partitions, or to change replicas, and states why', () => {
    const reason = (change: Partial<ActualTopic>) => {
      const [refusal, ...rest] = planChanges(desired, withTopic(settled, 'shop.actions', change), LEVEL);
      assert.deepEqual(rest, []);
      assert.equal(refusal?.kind, 'refused');
      return refusal?.kind === 'refused' ? refusal.reason : '';
    };
    assert.match(
      reason({ partitions: 3 }),
      /3 partitions and should have 6: more partitions would move keys \(userId\)/,
    );
    assert.match(reason({ partitions: 12 }), /cannot take partitions away/);
    assert.match(reason({ replicationFactor: 1 }), /1 of 3 replicas a partition/);
  });

  it('does not check replicas if no replication factor was given', () => {
    const state = withTopic(settled, 'shop.actions', { replicationFactor: 2 });
    assert.deepEqual(planChanges(desiredTopics('shop'), state, LEVEL), []);
  });

  it('sets the compatibility level of an existing subject before it registers the new version', () => {
    const state = withSubject(settled, 'shop.items-value', { compatibility: 'NONE', current: false });
    assert.deepEqual(planChanges(desired, state, LEVEL), [
      { kind: 'set-compatibility', subject: 'shop.items-value', from: 'NONE', to: LEVEL },
      { kind: 'register-schema', subject: 'shop.items-value', record: 'Item' },
    ]);
  });

  it('rejects a retention for a topic that is only compacted', () => {
    assert.throws(() => desiredTopics('', { retentionMs: { items: 1 } }), { code: 'topics.option' });
  });

  it('is printed with one change a line, refusals with their reason', () => {
    const state = withTopic(settled, 'shop.actions', {
      partitions: 3,
      configs: { 'cleanup.policy': 'compact', 'retention.ms': '7776000000', 'min.insync.replicas': '2' },
    });
    const text = renderPlan([
      ...planChanges(desired, state, LEVEL),
      ...planChanges(desired.slice(7, 8), EMPTY, LEVEL),
    ]);
    assert.equal(
      text,
      [
        '! shop.actions is left alone: it has 3 partitions and should have 6: more partitions would move keys (userId) ' +
          'to other partitions, so that the order of a key, joins and state would break. Copy it to a new namespace instead (topics copy).',
        '~ alter shop.actions: cleanup.policy compact → delete, message.timestamp.after.max.ms unset → 600000',
        '+ create shop.releases: 1 partition, 3 replicas, cleanup.policy=compact, message.timestamp.after.max.ms=600000, min.insync.replicas=2',
        '~ set compatibility of shop.releases-value: default → FULL_TRANSITIVE',
        '+ register Release under shop.releases-value',
      ].join('\n'),
    );
    assert.match(renderPlan([]), /^Nothing to do/);
  });

  it('has the same number of partitions for all topics keyed by userId', () => {
    const counts = TOPICS.filter(({ key }) => key === 'userId').map(({ partitions }) => partitions);
    assert.equal(new Set(counts).size, 1);
    assert.equal(CATALOG.actions.partitions, counts[0]);
  });
});
