import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupLag } from '#topics/lag.ts';
import { renderFinding, renderVerdict } from './finding.ts';
import { javaFinding, nodeFinding } from './machine.ts';
import {
  clockFindings,
  deadLetterFindings,
  lagFindings,
  type RedisFacts,
  redisFindings,
  topicFindings,
} from './servers.ts';
import { otherNamespace, type StageFacts, stageFindings } from './stages.ts';

const states = (findings: ReadonlyArray<{ subject: string; state: string }>) =>
  findings.map(({ subject, state }) => [subject, state]);

describe('the doctor', () => {
  it('names a version that the stages cannot run on, with its remedy', () => {
    assert.equal(nodeFinding('22.18.0').state, 'ok');
    assert.equal(nodeFinding('20.11.1').state, 'fault');
    assert.equal(javaFinding('openjdk version "17.0.15"').state, 'ok');
    assert.equal(javaFinding('openjdk version "11.0.2"').state, 'warning');
    assert.match(nodeFinding('20.11.1').remedy!, /Node 22/);
  });

  it('finds a Redis that evicts, that keeps nothing, and that cannot write', () => {
    const facts = (info: Record<string, string>): RedisFacts => ({
      time: 0,
      info: { redis_version: '7.2', used_memory_human: '1M', maxmemory: '0', aof_enabled: '1', ...info },
    });
    assert.deepEqual(
      states(redisFindings(facts({}), 'redis://x')).map(([, state]) => state),
      ['ok', 'ok', 'ok'],
    );
    const evicting = redisFindings(
      facts({ maxmemory: '100', maxmemory_human: '100B', maxmemory_policy: 'allkeys-lru' }),
      '',
    );
    assert.deepEqual(states(evicting)[1], ['redis eviction', 'fault']);
    assert.match(evicting[1]!.remedy!, /noeviction/);
    const lossy = redisFindings(facts({ aof_enabled: '0', rdb_last_save_time: '0' }), '');
    assert.deepEqual(states(lossy)[2], ['redis persistence', 'warning']);
    const full = redisFindings(facts({ aof_last_write_status: 'err' }), '');
    assert.deepEqual(states(full)[2], ['redis persistence', 'fault']);
    const [gone] = redisFindings(new Error('connect ECONNREFUSED'), 'redis://u:secret@h:1');
    assert.equal(gone!.state, 'fault');
    assert.doesNotMatch(gone!.finding, /secret/);
  });

  it('finds a clock that is a minute ahead, and forgives what a header cannot tell', () => {
    const clock = (theirs: number, precisionMs: number) =>
      clockFindings([{ name: 'redis', theirs, ours: 100_000, precisionMs }])[0]!;
    assert.equal(clock(100_400, 1).state, 'ok');
    assert.equal(clock(105_900, 1_000).state, 'ok');
    assert.deepEqual([clock(160_000, 1).state, clock(160_000, 1).finding], ['fault', 'is 60 s ahead']);
    assert.equal(clock(40_000, 1).finding, 'is 60 s behind');
  });

  it('names a group that nothing reads for, with the stage to start', () => {
    const lag = (change: Partial<GroupLag>): GroupLag => ({
      group: 'shop.rerank.pools',
      topic: 'shop.proposals',
      state: 'Stable',
      members: 1,
      lag: 0,
      partitions: [],
      ...change,
    });
    assert.deepEqual(states(lagFindings([lag({})])), [['consumer lag', 'ok']]);
    assert.equal(lagFindings([lag({ lag: 20_000 })])[0]!.state, 'warning');
    const [dead] = lagFindings([lag({ members: 0, state: 'Empty', lag: 3 })]);
    assert.deepEqual([dead!.state, dead!.remedy], ['fault', 'Start the stage: `npm run stage rerank`.']);
    assert.equal(lagFindings([])[0]!.state, 'warning');
  });

  it('compares topics with the catalogue, and is content with a longer retention', () => {
    assert.equal(topicFindings([])[0]!.state, 'ok');
    const alter = (from: string) =>
      topicFindings([
        {
          kind: 'alter-configs',
          topic: 'actions',
          configs: {},
          differences: [{ name: 'retention.ms', from, to: '1000' }],
        },
      ])[0]!;
    assert.equal(alter('2000').state, 'ok');
    assert.equal(alter('-1').state, 'ok');
    assert.equal(alter('500').state, 'warning');
    assert.equal(
      topicFindings([{ kind: 'create-topic', topic: 'slates', partitions: 6, configs: {} }])[0]!.state,
      'fault',
    );
    assert.equal(
      topicFindings([{ kind: 'refused', topic: 'slates', reason: 'it has 3 partitions' }])[0]!.state,
      'fault',
    );
  });

  it('tells a silent stage from another program, one that starts, and one in another namespace', () => {
    const stage = (answer: StageFacts['answer']) =>
      stageFindings([{ name: 'rerank', url: 'http://h:1', answer }], 'shop')[0]!;
    const metrics = 'tributary_lag_messages{topic="shop.rewards",partition="0",stage="rerank"} 0\n';
    assert.equal(stage({ kind: 'stage', ready: true, missing: [], metrics }).state, 'ok');
    assert.match(stage({ kind: 'silent', reason: 'refused' }).remedy!, /npm run stage rerank/);
    assert.match(stage({ kind: 'other' }).finding, /another program/);
    assert.match(
      stage({ kind: 'stage', ready: false, missing: ['still reading items'], metrics }).finding,
      /still reading items/,
    );
    const strange = stage({
      kind: 'stage',
      ready: true,
      missing: [],
      metrics: metrics.replace('shop.', 'test.'),
    });
    assert.match(strange.finding, /“test”, not in “shop”: the stages cannot see each other/);
    assert.equal(otherNamespace('tributary_lag_messages{topic="rewards"} 1', 'shop'), '');
    assert.equal(otherNamespace('', 'shop'), undefined);
  });

  it('counts dead letters by kind, and prints every finding with its remedy', () => {
    const [letters] = deadLetterFindings([{ topic: 'actions', code: 'decode.magic', count: 3 }]);
    assert.match(
      renderFinding(letters!),
      /! .*dead letters of actions: 3 messages were rejected with decode\.magic.*\n +.*→.* See `tributary topics dead-letters`/s,
    );
    assert.equal(renderVerdict([letters!]), '0 faults, 1 warning.');
    assert.equal(renderVerdict(deadLetterFindings([])), 'Everything that was examined is well.');
  });
});
