import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderReport } from './render-report.ts';

const arm = { share: 1, waiting: 2, effectiveUsers: 900, isKnown: true };
const report = {
  experiment: 'autumn',
  state: 'running',
  learning: 'shared',
  startedAt: '2026-03-01T12:00:00.000Z',
  arms: [
    { ...arm, name: 'control', policy: '', users: 1_200, slates: 4_000, rewards: 800.04, rewardRate: 0.2 },
    {
      ...arm,
      name: 'new',
      policy: 'greedy',
      users: 1_180,
      slates: 3_900,
      rewards: 700,
      rewardRate: 0.18,
      difference: -0.02,
      low: -0.05,
      high: 0.01,
    },
  ],
  sampleRatio: { pValue: 0.41234, isRight: true },
  isAATest: false,
  aa: { repetitions: 100, covered: 94, coveredAtAnyTime: 99 },
  unknownArms: 0,
  verdict: 'No difference is certain yet.',
};

describe('the report of an experiment on a terminal', () => {
  it('has the verdict first, one line an arm in columns, and says whether the figures hold', () => {
    const lines = renderReport(report).split('\n');
    assert.match(lines[0]!, /^autumn is running since 2026-03-01/);
    assert.equal(lines[1], report.verdict);
    assert.match(
      lines[3]!,
      /^ARM +POLICY +SHARE +USERS +SLATES +WAITING +REWARDS +A SLATE +AGAINST CONTROL +95 % INTERVAL$/,
    );
    assert.match(lines[4]!, /^control +the set policy +50 % +1,200 +4,000 +2 +800 +0\.2000 +control +–$/);
    assert.match(lines[5]!, /^new +greedy +50 % +1,180 .* 0\.1800 +−0\.0200 +−0\.0500 to \+0\.0100$/);
    assert.match(lines.join('\n'), /divided as the shares say \(p = 0\.412\)/);
    assert.ok(lines.slice(3, 6).every((line) => line.length <= 120));
    assert.doesNotMatch(lines.join('\n'), /[{}]|undefined|NaN/);
  });

  it('says what is not known yet, and that lost users spoil the figures', () => {
    const early = {
      ...report,
      arms: report.arms.map(({ name, policy }) => ({
        ...arm,
        name,
        policy,
        users: 1,
        slates: 0,
        rewards: 0,
        isKnown: false,
      })),
      sampleRatio: { pValue: 1e-9, isRight: false },
      isAATest: true,
      unknownArms: 3,
    };
    const text = renderReport(early);
    assert.match(text, /– is not known yet/);
    assert.match(text, /not divided as the shares say \(p = 1e-9\): the figures do not hold/);
    assert.match(text, /A\/A test[\s\S]*3 slates name an arm/);
  });

  it('says how many slates of an arm were not in its order', () => {
    const policy = 'fixed(column=trending.rank)';
    const arms = report.arms.map((one, index) => ({
      ...one,
      policy,
      ...(index === 1 && { withoutColumn: 7 }),
    }));
    assert.match(
      renderReport({ ...report, arms }),
      /\n7 slates of new are not in the order of fixed\(column=trending\.rank\): no candidate had its feature/,
    );
  });
});
