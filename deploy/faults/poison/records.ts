/** Poison in the records: bytes that their schema explains, with times, ids and numbers that no stage can use. */
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '#contracts/errors.ts';
import type { Proposal, Reward, Slate, UserAction, UserInterests } from '#contracts/generated/records.ts';
import {
  ITEM_IDS,
  someAction,
  someInterests,
  someLists,
  someProposal,
  someReward,
  someSlate,
} from '../../path/some-records.ts';
import type { CaseContext, PoisonCase } from './case.ts';

/** Stands in a record for a number that the codec refuses to write. */
const SENTINEL = 0.123_456_789_012_345;
/** The same for a float of 32 bits. */
const SENTINEL_FLOAT = Math.fround(SENTINEL);
/** Stands in a record for eight bytes that are not UTF-8. Two would be found in some times too, whose bytes as varints can be equal. */
const SENTINEL_TEXT = '¬'.repeat(4);

type Rows<V> = ReadonlyArray<
  readonly [name: string, code: ErrorCode | undefined, change: (userId: string) => Partial<V>]
>;

const HOUR = 3_600_000;

const ACTIONS: Rows<UserAction> = [
  [
    'microseconds in both times',
    'field.invalid',
    () => ({ occurredAt: Date.now() * 1_000, receivedAt: Date.now() * 1_000 }),
  ],
  ['seconds', 'field.invalid', () => ({ occurredAt: Math.floor(Date.now() / 1_000) })],
  [
    'an hour ahead of the message',
    'time.future',
    () => ({ occurredAt: Date.now() + HOUR, receivedAt: Date.now() + HOUR }),
  ],
  ['a time before 1970', 'field.invalid', () => ({ occurredAt: -1 })],
  ['microseconds as the acceptance', 'field.invalid', () => ({ receivedAt: Date.now() * 1_000 })],
  ['the user of everyone', 'user.reserved', () => ({ userId: '*' })],
  ['the key of another user', 'message.key', () => ({ userId: 'somebody else' })],
  ['no item', 'field.invalid', () => ({ itemId: '' })],
  ['an item of a kilobyte', 'field.invalid', () => ({ itemId: 'i'.repeat(1_000) })],
  ['an item that is not UTF-8', 'decode.bytes', () => ({ itemId: `caf${SENTINEL_TEXT}` })],
  ['an item named constructor', undefined, () => ({ itemId: 'constructor' })],
  ['an item named __proto__', undefined, () => ({ itemId: '__proto__' })],
  ['a value of 1e308', undefined, () => ({ value: 1e308 })],
];

const INTERESTS: Rows<UserInterests> = [
  ['the user of everyone', 'user.reserved', () => ({ userId: '*' })],
  ['the key of another user', 'message.key', () => ({ userId: 'somebody else' })],
  ['an importance of 1e308', 'number.invalid', () => ({ medoids: [aMedoid(1e308), aMedoid(1e308)] })],
  ['an importance of NaN', 'number.invalid', () => ({ medoids: [aMedoid(SENTINEL)] })],
  ['a version of 2^52', 'number.invalid', () => ({ version: 2 ** 52 })],
  [
    'medoids named like inherited properties',
    undefined,
    () => ({ medoids: [{ ...aMedoid(1), itemId: '__proto__', type: 'constructor' }] }),
  ],
  ['a generation named constructor', undefined, () => ({ generation: 'constructor' })],
];

const PROPOSALS: Rows<Proposal> = [
  ['a popularity of 1e200', 'number.invalid', () => ({ items: [aCandidate({ popularity: 1e200 })] })],
  ['a score of −1e308', 'number.invalid', () => ({ items: [aCandidate({ score: -1e308 })] })],
  ['a score of NaN', 'number.invalid', () => ({ items: [aCandidate({ score: SENTINEL })] })],
  ['denormal numbers', undefined, () => ({ items: [aCandidate({ score: 5e-324, popularity: 5e-324 })] })],
  ['a model named __proto__', 'model.name', () => ({ model: '__proto__' })],
  ['a model named constructor', undefined, () => ({ model: 'constructor' })],
  ['20,000 items', 'list.limit', () => ({ items: Array.from({ length: 20_000 }, () => aCandidate({})) })],
  ['the key of another user', 'message.key', () => ({ userId: '*', version: -1 })],
];

type ChangedList = Proposal['lists'][number] & { readonly record: Partial<Proposal> };

/** Changes of the second of two lists in columns, and of the record that holds them. */
const LISTS: Rows<ChangedList> = [
  ['columns of two models', undefined, () => ({})],
  ['a score of 1e30 in a column', 'number.invalid', () => ({ scores: ITEM_IDS.map(() => 1e30) })],
  ['a score of NaN in a column', 'number.invalid', () => ({ scores: ITEM_IDS.map(() => SENTINEL_FLOAT) })],
  ['fewer scores than places', 'field.invalid', () => ({ scores: [1] })],
  ['fewer causes than places', 'field.invalid', () => ({ causes: [0] })],
  ['a place beyond the candidates', 'number.invalid', () => ({ places: ITEM_IDS.map(() => 1_000_000) })],
  ['a place of −1', 'number.invalid', () => ({ places: ITEM_IDS.map(() => -1) })],
  ['a cause that is not in the record', 'number.invalid', () => ({ causes: ITEM_IDS.map(() => 7) })],
  ['two lists of one model', 'field.invalid', () => ({ model: 'corpus' })],
  ['a list of a model named __proto__', 'model.name', () => ({ model: '__proto__' })],
  ['20,000 places', 'list.limit', () => ({ places: zeros(20_000), scores: zeros(20_000), causes: [] })],
  ['20,000 candidates', 'list.limit', () => ({ record: { candidates: names(20_000), popularity: [] } })],
  ['an empty candidate', 'field.invalid', () => ({ record: { candidates: ITEM_IDS.map(() => '') } })],
  [
    'a popularity of 2 in a column',
    'number.invalid',
    () => ({ record: { popularity: ITEM_IDS.map(() => 2) } }),
  ],
  ['fewer popularities than candidates', 'field.invalid', () => ({ record: { popularity: [0.5] } })],
  [
    'an importance of 1e308 in the causes',
    'number.invalid',
    () => ({ record: { causes: [{ itemId: 'tea', type: 'buy', importance: 1e308, lastOccurredAt: 0 }] } }),
  ],
  ['a model beside the lists', 'field.invalid', () => ({ record: { model: 'corpus-3' } })],
  ['items beside the lists', 'field.invalid', () => ({ record: { items: [aCandidate({})] } })],
  ['columns under the key of another user', 'message.key', () => ({ record: { userId: 'somebody else' } })],
];

const SLATES: Rows<Slate> = [
  ['microseconds', 'field.invalid', () => ({ servedAt: Date.now() * 1_000 })],
  ['an hour ahead of the message', 'time.future', () => ({ servedAt: Date.now() + HOUR })],
  ['the user of everyone', 'user.reserved', () => ({ userId: '*' })],
  ['a propensity of 0', 'number.invalid', () => ({ slots: [aSlot({ propensity: 0 })] })],
  ['a feature of 1e200', 'number.invalid', () => ({ slots: [aSlot({ features: [1, 1e200] })] })],
  ['a feature of NaN', 'number.invalid', () => ({ slots: [aSlot({ features: [1, SENTINEL] })] })],
  ['fewer features than names', 'features.invalid', () => ({ slots: [aSlot({ features: [1] })] })],
  ['5,000 slots', 'list.limit', () => ({ slots: Array.from({ length: 5_000 }, () => aSlot({})) })],
  ['no slots', undefined, () => ({ slots: [] })],
];

const REWARDS: Rows<Reward> = [
  ['a sequence of 2^52', 'number.invalid', () => ({ sequence: 2 ** 52 })],
  ['a feature of 1e200', 'number.invalid', () => ({ features: [1, 1e200] })],
  ['a reward of −1e308', 'number.invalid', () => ({ reward: -1e308 })],
  ['a reward of NaN', 'number.invalid', () => ({ reward: SENTINEL })],
  [
    '5,000 features',
    'list.limit',
    () => ({ featureNames: names(5_000), features: names(5_000).map(() => 0) }),
  ],
];

export function recordCases(): PoisonCase[] {
  return [
    ...rowsOf('actions', ACTIONS, (change, { userId, encode }) =>
      encode('UserAction', someAction(userId, change)),
    ),
    ...rowsOf('interests', INTERESTS, (change, { userId, encode }) =>
      encode('UserInterests', someInterests(userId, change)),
    ),
    ...rowsOf('proposals', PROPOSALS, (change, { userId, encode }) =>
      encode('Proposal', someProposal(userId, change)),
    ),
    ...rowsOf('proposals', LISTS, ({ record, ...list }, { userId, encode }) =>
      encode('Proposal', someLists(userId, record, list)),
    ),
    ...rowsOf('slates', SLATES, (change, { userId, encode }) => encode('Slate', someSlate(userId, change))),
    ...rowsOf('rewards', REWARDS, (change, { userId, sequence, encode }) =>
      encode('Reward', someReward(userId, sequence, change)),
    ),
    {
      name: '20,000 actions in one batch',
      topic: 'actions',
      batch: { codec: { number: 1, compress: (bytes) => gzipSync(bytes) } },
      records: ({ userId, key, encode }) =>
        Array.from({ length: 20_000 }, (_, i) => ({
          key,
          value: encode('UserAction', someAction(userId, { eventId: `e${i}`, type: 'view' })),
        })),
    },
  ];
}

function rowsOf<V>(
  topic: PoisonCase['topic'],
  rows: Rows<V>,
  encode: (change: Partial<V>, context: CaseContext) => Buffer,
): PoisonCase[] {
  return rows.map(([name, code, change]) => ({
    name,
    topic,
    ...(code === undefined ? {} : { code }),
    records: (context) => [{ key: context.key, value: spoil(encode(change(context.userId), context)) }],
  }));
}

/** Puts NaN and bytes that are not UTF-8 into the places of the sentinels. */
function spoil(bytes: Buffer): Buffer {
  const spoilt = Buffer.from(bytes);
  const number = Buffer.alloc(8);
  number.writeDoubleLE(SENTINEL);
  for (let at = spoilt.indexOf(number); at >= 0; at = spoilt.indexOf(number))
    spoilt.writeDoubleLE(Number.NaN, at);
  const float = Buffer.alloc(4);
  float.writeFloatLE(SENTINEL_FLOAT);
  for (let at = spoilt.indexOf(float); at >= 0; at = spoilt.indexOf(float))
    spoilt.writeFloatLE(Number.NaN, at);
  const text = Buffer.from(SENTINEL_TEXT);
  for (let at = spoilt.indexOf(text); at >= 0; at = spoilt.indexOf(text))
    spoilt.fill(0xff, at, at + text.length);
  return spoilt;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `f${i}`);
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function aMedoid(importance: number): UserInterests['medoids'][number] {
  return { itemId: 'tea', type: 'buy', importance, size: 1, lastOccurredAt: Date.now() };
}

function aCandidate(change: Partial<Proposal['items'][number]>): Proposal['items'][number] {
  return { itemId: 'tea', score: 1, because: null, popularity: 0, explanation: '', ...change };
}

function aSlot(change: Partial<Slate['slots'][number]>): Slate['slots'][number] {
  return { ...someSlate('').slots[0]!, ...change };
}
