import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import type { RecordName, RecordTypes } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import {
  formatBytes,
  formatKey,
  formatRecord,
  formatTime,
  formatVector,
  printable,
  toJson,
} from './format.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const CAUSE = { itemId: '55', type: 'buy', importance: 0.4, lastOccurredAt: NOON };
const SHORT = { full: false };
const FULL = { full: true };

const EXAMPLES: readonly { [R in RecordName]: readonly [R, RecordTypes[R], string] }[RecordName][] = [
  [
    'UserAction',
    {
      eventId: 'e-1',
      userId: '2375',
      itemId: '1082185',
      type: 'buy',
      occurredAt: NOON,
      receivedAt: NOON + 5,
      contextId: '31198570044-basket-of-monday',
      value: 2,
      slateId: 's1',
      slot: 2,
    },
    'buy 1082185 ×2 in 31198570044-bas… on 3. of slate s1 by 2375 at 2026-03-01T12:00:00.000Z event e-1',
  ],
  [
    'Item',
    {
      itemId: '1082185',
      title: 'Paper\ntowels',
      text: '',
      categories: ['Household', 'Paper'],
      attributes: {},
      vector: null,
      availability: 'available',
      updatedAt: NOON,
    },
    '1082185 “Paper⏎towels” in Household > Paper, available',
  ],
  [
    'UserInterests',
    {
      userId: '2375',
      version: 812,
      generation: 'g7',
      streamTime: NOON,
      receivedAt: NOON,
      medoids: [{ itemId: '55', type: 'buy', importance: 2.34567, size: 1, lastOccurredAt: NOON }],
      recent: ['55'],
      windowSize: 34,
      unknownItems: 2,
      ...{ types: ['buy'], recentTypes: [], repeats: [] },
    },
    '2375 v812 in g7: 1 interest: buy 55 (2.35, 1 action); window of 34, 2 items without a vector',
  ],
  [
    'Proposal',
    {
      userId: '*',
      model: 'trending',
      generation: null,
      version: -1,
      receivedAt: NOON,
      items: Array.from({ length: 7 }, (_, index) => ({
        itemId: `i${index}`,
        score: 1 / (index + 1),
        because: index === 0 ? CAUSE : null,
        popularity: 0,
        explanation: '',
      })),
      recent: [],
      explanation: '',
      ...{ candidates: [], popularity: [], causes: [], lists: [], interestsOffset: 4, interestsAt: 0 },
    },
    'trending for everybody: 7 items: i0 1 because buy 55, i1 0.5, i2 0.333, i3 0.25, i4 0.2, … 2 more',
  ],
  [
    'Proposal',
    {
      ...{ userId: '2375', model: '', generation: null, version: 812, receivedAt: NOON, items: [] },
      ...{ recent: [], explanation: '', candidates: ['i0', 'i1'], popularity: [0.5, 0.25], causes: [CAUSE] },
      ...{ interestsOffset: 4, interestsAt: 0 },
      lists: [
        {
          ...{ model: 'medoid-neighbours', generation: 'g7', explanation: '' },
          ...{ places: [1, 0], scores: [0.5, 0.25], causes: [0, -1], explanations: [], reasons: [] },
        },
        {
          ...{ model: 'trending', generation: null, explanation: '', places: [0], scores: [4] },
          ...{ causes: [], explanations: [], reasons: [] },
        },
      ],
    },
    'for 2375 v812: medoid-neighbours in g7: 2 items: i1 0.5 because buy 55, i0 0.25; trending: 1 item: i0 4',
  ],
  [
    'Slate',
    {
      slateId: 's1',
      userId: '2375',
      servedAt: NOON,
      policy: 'thompson-linear',
      observations: 12,
      generation: 'g7',
      interestsVersion: 812,
      experiment: 'b',
      ...UNKNOWN_CHOICE,
      featureNames: ['bias'],
      slots: [
        {
          itemId: '7',
          models: ['trending', 'medoid-neighbours'],
          because: CAUSE,
          features: [1],
          score: 1,
          propensity: 0.3125,
          explanation: '',
          conditional: 0.5,
          inclusion: 0.75,
        },
      ],
    },
    's1 to 2375 by thompson-linear after 12 rewards in g7, arm b: 1. 7 p=0.313 from trending+medoid-neighbours because buy 55',
  ],
  [
    'Reward',
    {
      rewardId: 's1/2',
      sequence: 4,
      slateId: 's1',
      userId: '2375',
      itemId: '7',
      slot: 2,
      reward: 3,
      actionType: 'buy',
      delay: 12_400,
      features: [1],
      featureNames: ['bias'],
      propensity: 0.25,
      servedAt: NOON,
      exposure: 'seen',
      outcomes: {},
      learner: '',
      slots: 1,
    },
    '3 (buy after 12.4 s) for 7 in slot 2 of s1 from 2375, p=0.25, seen',
  ],
  [
    'ItemEmbedding',
    {
      generation: 'g7',
      itemId: '7',
      vector: Buffer.from(Float32Array.from([0.125, -0.5, 0.25, 0, 1]).buffer),
      origin: 'inductive',
      basis: null,
    },
    '7 in g7, inductive [0.125, -0.5, 0.25, … 5]',
  ],
  [
    'Release',
    {
      generation: 'g7',
      state: 'rejected',
      dimension: 64,
      alpha: 1.5,
      itemCount: 1,
      actionCount: 9_000,
      createdAt: NOON,
      updatedAt: NOON,
      metrics: { recall: 0.31234 },
      modelCard: '{}',
      reason: 'recall fell',
      follows: null,
    },
    'g7 is rejected: 64 dimensions, α 1.5, 1 item, 9000 actions; recall 0.312; because recall fell',
  ],
  [
    'ModelWeights',
    {
      model: 'pinsage',
      generation: 'g7',
      format: 'tributary.pinsage/1',
      weights: Buffer.from([1, 2]),
      card: '{}',
      length: 0,
      checksum: '',
      parts: [],
      requires: [],
      trainedUpTo: null,
    },
    'pinsage of g7 as tributary.pinsage/1, 2 bytes [01 02]',
  ],
  [
    'ModelWeights',
    {
      model: 'pinsage',
      generation: 'g7',
      format: 'tributary.pinsage/1',
      weights: Buffer.of(),
      card: '{}',
      length: 600_000,
      checksum: '0123456789abcdef'.repeat(4),
      parts: ['aa', 'bb'],
      requires: [],
      trainedUpTo: NOON,
    },
    'pinsage of g7 as tributary.pinsage/1, 600000 bytes in 2 parts, SHA-256 0123456789abcde…',
  ],
  [
    'ModelPart',
    { model: 'pinsage', generation: 'g7', part: 1, bytes: Buffer.from([1, 2]) },
    'part 1 of pinsage of g7, 2 bytes [01 02]',
  ],
  [
    'CandidateSet',
    {
      slateId: '0198c0de-0000-7000-8000-000000000001',
      userId: 'u1',
      servedAt: 0,
      size: 10,
      itemIds: ['tea', 'soap'],
      featureNames: ['bias'],
      features: Buffer.alloc(16),
      rewardOffsets: [],
      featureBytes: 2,
      kinds: [],
      terms: [],
    },
    '2 candidates of slate 0198c0de-0000-7000-8000-000000000001 of u1 with 1 feature: tea, soap',
  ],
  [
    'Experiment',
    {
      name: 'autumn',
      state: 'promoted',
      arms: [
        { name: 'control', share: 3, policy: '' },
        { name: 'other', share: 1, policy: 'greedy' },
      ],
      promoted: 'other',
      startedAt: 0,
      updatedAt: 0,
      learning: 'shared',
    },
    'autumn is promoted (other): control 3 by the set policy, other 1 by greedy',
  ],
  [
    'Latent',
    {
      generation: 'g7',
      kind: 'input',
      itemIds: ['55'],
      layer: 0,
      vectors: encodeVector(Float32Array.of(0.5, 0, -2)),
      input: { neighbours: ['56', '57'], importances: encodeVector(Float32Array.of(0.7, 0.3)), readers: [0] },
      start: null,
      part: null,
    },
    'input of 55 in g7 [0.5, 0, -2], pools 56, 57',
  ],
  [
    'Latent',
    {
      generation: 'g7',
      kind: 'latent',
      itemIds: ['55', '56'],
      layer: 1,
      vectors: encodeVector(Float32Array.of(0.5, 0, 2)),
      input: null,
      start: null,
      part: null,
    },
    'latent of 55, 56 for layer 1 in g7 [0.5, 0, 2]',
  ],
  [
    'Latent',
    {
      generation: 'g7',
      kind: 'start',
      itemIds: [],
      layer: 0,
      vectors: Buffer.alloc(0),
      input: null,
      start: { itemCount: 12, structure: 2, weights: Buffer.of(), weightParts: 1 },
      part: null,
    },
    'start with 12 items in g7',
  ],
  [
    'Latent',
    {
      generation: 'g7',
      kind: 'weights',
      itemIds: [],
      layer: 0,
      vectors: Buffer.alloc(0),
      input: null,
      start: null,
      part: { number: 3, bytes: Buffer.of(1, 2) },
    },
    'weights part 3, 2 bytes [01 02] in g7',
  ],
  [
    'DeadLetter',
    {
      sourceTopic: 'actions',
      partition: 3,
      offset: 1042,
      key: null,
      value: null,
      headers: {},
      stage: 'interests',
      code: 'decode.magic',
      reason: 'not the wire format',
      failedAt: NOON,
      messageBytes: 2_000_000,
    },
    'from actions 3:1042, rejected by interests at 2026-03-01T12:00:00.000Z: decode.magic: not the wire format (cut; the message has 2000000 bytes)',
  ],
];

describe('a record in one line', () => {
  for (const [name, record, expected] of EXAMPLES) {
    it(`shows the fields of a ${name} on one line`, () => {
      assert.equal(formatRecord(name, record as never, SHORT), expected);
    });
  }

  it('shows the whole record with --full', () => {
    const [, proposal] = EXAMPLES.find(([name]) => name === 'Proposal')!;
    assert.match(formatRecord('Proposal', proposal as RecordTypes['Proposal'], FULL), /i6 0\.143$/);
  });
});

describe('text from outside', () => {
  it('never brings a control character to the terminal', () => {
    assert.equal(printable('a\u001b[31mb\u202ec\u0000'), 'a\\u{1b}[31mb\\u{202e}c\\u{0}');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('shows a key as text, or as bytes if it is not UTF-8', () => {
    assert.equal(formatKey(Buffer.from('Œ1')), 'Œ1');
    assert.equal(formatKey(Buffer.from([0xff, 0x00])), '0xff00');
    assert.equal(formatKey(null), '(no key)');
  });

  it('shows a time in ISO 8601, or the number if it is no time', () => {
    assert.equal(formatTime(NOON), '2026-03-01T12:00:00.000Z');
    assert.equal(formatTime(1e300), '1e+300');
  });
});

describe('long values', () => {
  const vector = Array.from({ length: 64 }, (_, index) => index / 64);

  it('shows long vectors and bytes shortened, with their length, unless --full', () => {
    assert.equal(formatVector(vector, SHORT), '[0, 0.0156, 0.0313, … 64]');
    assert.equal(formatVector(vector, FULL).split(',').length, 64);
    assert.equal(formatBytes(Buffer.alloc(100, 0xab), SHORT), `100 bytes [${'ab '.repeat(24)}…]`);
    assert.equal(formatBytes(Buffer.alloc(0), SHORT), '0 bytes');
  });

  it('shortens long values in JSON too, with bytes as base64', () => {
    const value = {
      vector,
      bytes: Buffer.from('hello'),
      blob: Buffer.alloc(100),
      nested: [{ n: null, s: 'x' }],
    };
    assert.deepEqual(toJson(value, SHORT), {
      vector: '[0, 0.0156, 0.0313, … 64]',
      bytes: 'aGVsbG8=',
      blob: `${Buffer.alloc(24).toString('base64')}… 100 bytes`,
      nested: [{ n: null, s: 'x' }],
    });
    assert.deepEqual(toJson(value, FULL), {
      ...value,
      bytes: 'aGVsbG8=',
      blob: Buffer.alloc(100).toString('base64'),
    });
  });
});
