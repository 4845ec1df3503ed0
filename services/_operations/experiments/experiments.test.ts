import assert from 'node:assert/strict';
import { test } from 'node:test';
import { armOf } from '#algorithms/experiments/arms.ts';
import { createRandom } from '#algorithms/random.ts';
import { ExperimentBook, exposureOf } from '#contracts/domain/experiments.ts';
import { anExperiment, aSlate } from '#contracts/domain/records.testing.ts';
import { consequenceOf, decidePromotion, decideStart, decideStop, parseArm } from './decide.ts';
import { reasonAgainstOrder } from './fixed-orders.ts';
import { ExperimentOutcomes, reportOf } from './report.ts';

const against = (policy: string) => (policy === 'greedy' ? undefined : `there is no policy ${policy}`);
const ARMS = [parseArm('control'), parseArm('new=greedy:0.5')];

function bookOf(...experiments: ReturnType<typeof anExperiment>[]): ExperimentBook {
  const book = new ExperimentBook();
  for (const one of experiments) book.declare(one.name, one);
  return book;
}

test('an arm is written as a name, with a policy and a share where they are given', () => {
  assert.deepEqual(parseArm('control'), { name: 'control', policy: '', share: 1 });
  assert.deepEqual(parseArm('new=greedy:0.5'), { name: 'new', policy: 'greedy', share: 0.5 });
  assert.deepEqual(parseArm('few=thompson(draws=8)'), { name: 'few', policy: 'thompson(draws=8)', share: 1 });
  for (const text of ['', '=greedy', 'a:0', 'a:-1', 'a:x', 'a=b=c'])
    assert.throws(() => parseArm(text), /is no arm: write name=policy/);
});

test('an experiment starts if none runs, its name is new, and its policies exist', () => {
  const wish = { name: 'autumn', arms: ARMS };
  assert.deepEqual(decideStart(bookOf(), wish, against, 7), {
    write: {
      ...{ name: 'autumn', state: 'running', arms: ARMS, promoted: null, startedAt: 7, updatedAt: 7 },
      learning: 'shared',
    },
  });
  const apart = decideStart(bookOf(), { ...wish, learning: 'apart' }, against, 7);
  assert.equal('write' in apart && apart.write.learning, 'apart');
  const refusal = (...given: Parameters<typeof decideStart>) => {
    const decision = decideStart(...given);
    return 'refusal' in decision ? decision.refusal : '';
  };
  assert.match(
    refusal(bookOf(anExperiment({ name: 'old' })), wish, against, 7),
    /old is running: stop or promote/,
  );
  const stopped = bookOf(anExperiment({ state: 'stopped' }));
  assert.match(refusal(stopped, wish, against, 7), /There was an experiment autumn: choose another name/);
  const none = { ...wish, arms: [ARMS[0]!, parseArm('new=neural')] };
  assert.match(refusal(bookOf(), none, against, 7), /^new: there is no policy neural\.$/);
  assert.match(refusal(bookOf(), { ...wish, arms: [ARMS[0]!] }, against, 7), /^arms has 1 arms/);
});

test('an experiment is stopped once, and an arm of it is promoted also after it was stopped', () => {
  const running = bookOf(anExperiment());
  const stopped = decideStop(running, 'autumn', 9);
  assert.ok('write' in stopped && stopped.write.state === 'stopped' && stopped.write.updatedAt === 9);
  const after = bookOf(stopped.write);
  assert.deepEqual(decideStop(after, 'autumn', 9), { refusal: 'autumn is stopped already.' });
  const promoted = decidePromotion(after, 'autumn', 'other', 10);
  assert.ok(
    'write' in promoted && promoted.write.promoted === 'other' && promoted.write.state === 'promoted',
  );
  assert.deepEqual(decidePromotion(after, 'autumn', 'gone', 10), {
    refusal: 'autumn has no arm gone; its arms are control, other.',
  });
  assert.deepEqual(decideStop(after, 'spring', 9), {
    refusal: 'There is no experiment spring; there are autumn.',
  });
});

test('what a change means for others is said where it is not what one would expect', () => {
  const promoted = anExperiment({ state: 'promoted', promoted: 'other', updatedAt: 5 });
  const next = anExperiment({ name: 'winter', startedAt: 9 });
  assert.equal(
    consequenceOf(bookOf(promoted, next), next),
    'autumn is promoted (other): where an arm of winter names no policy, its users go back to the set policy.',
  );
  const named = next.arms.map((arm) => ({ ...arm, policy: 'greedy' }));
  assert.equal(consequenceOf(bookOf(promoted, next), { ...next, arms: named }), undefined);
  assert.equal(consequenceOf(bookOf(next), next), undefined);
  assert.equal(
    consequenceOf(bookOf(promoted, next), promoted),
    'winter is running, and divides all users until it is stopped or promoted.',
  );
  const stopped = { ...next, state: 'stopped' as const };
  assert.equal(
    consequenceOf(bookOf(promoted, stopped), stopped),
    'autumn is still promoted, so that its arm other (greedy) serves everybody: stop autumn too to serve the set policy.',
  );
  assert.equal(consequenceOf(bookOf(stopped), stopped), 'Everybody is served by the set policy.');
  assert.equal(consequenceOf(bookOf(promoted), promoted), 'Everybody is served by greedy.');
});

/** Slates of `users` users by their arm, 5 each, with rewards at these rates; drops every `lossy`-th user of the second arm. */
function outcomesOf(users: number, rates: readonly number[], lossy = Number.POSITIVE_INFINITY) {
  const experiment = anExperiment();
  const random = createRandom('report');
  const outcomes = new ExperimentOutcomes(experiment);
  for (let user = 0; user < users; user++) {
    const arm = armOf(experiment.name, experiment.arms, `u${user}`);
    if (arm === 1 && user % lossy === 0) continue;
    for (let i = 0; i < 5; i++) {
      const slateId = `s${user}-${i}`;
      const slate = aSlate({
        slateId,
        userId: `u${user}`,
        servedAt: experiment.startedAt,
        experiment: exposureOf(experiment.name, experiment.arms[arm]!.name),
      });
      const reward = { slateId, reward: random.next() < rates[arm]! ? 1 : 0 };
      // Both topics are read on their own, so that either may come first.
      if (i % 2 === 0) outcomes.noteReward(reward);
      outcomes.noteSlate(slate);
      if (i % 2 === 1) outcomes.noteReward(reward);
    }
  }
  return { experiment, outcomes };
}

test('a report names the arm that earns more, with an interval that stays valid', () => {
  const { experiment, outcomes } = outcomesOf(2_000, [0.1, 0.2]);
  const report = reportOf(experiment, outcomes);
  assert.equal(report.verdict, 'other earns more than the control.');
  const [control, other] = report.arms;
  assert.ok(other!.low! < 0.1 && other!.high! > 0.1 && other!.low! > 0);
  assert.equal(control!.users + other!.users, 2_000);
  assert.equal(other!.slates, other!.users * 5);
  assert.ok(report.sampleRatio.isRight && !report.isAATest);
  assert.ok(report.aa!.covered >= 88);
});

test('equal arms are undecided, and a loss of users in one arm takes the verdict away', () => {
  const equal = outcomesOf(2_000, [0.1, 0.1]);
  assert.equal(reportOf(equal.experiment, equal.outcomes).verdict, 'No difference is certain yet.');
  const lossy = outcomesOf(4_000, [0.1, 0.2], 3);
  assert.match(reportOf(lossy.experiment, lossy.outcomes).verdict, /not divided in the shares/);
});

test('no arm leads or trails by the slates of a few users, however sure an interval of them seems', () => {
  const outcomesBy = (slatesOf: (user: number, arm: number) => number, users: number) => {
    const experiment = anExperiment();
    const outcomes = new ExperimentOutcomes(experiment);
    for (let user = 0; user < users; user++) {
      const userId = `u${user}`;
      const arm = armOf(experiment.name, experiment.arms, userId);
      for (let i = 0; i < slatesOf(user, arm); i++) {
        const slateId = `s${user}-${i}`;
        const exposure = exposureOf(experiment.name, experiment.arms[arm]!.name);
        outcomes.noteSlate(aSlate({ slateId, userId, servedAt: experiment.startedAt, experiment: exposure }));
        // Everybody is rewarded half of the time, but for one user with many slates and nothing.
        outcomes.noteReward({ slateId, reward: i < 10 ? i % 2 : 0 });
      }
    }
    return reportOf(experiment, outcomes);
  };
  const isOfOther = (user: number) => armOf('autumn', anExperiment().arms, `u${user}`) === 1;
  const bot = [...Array(400).keys()].find(isOfOther)!;
  const drawn = outcomesBy((user) => (user === bot ? 4_000 : 4 + (user % 3) * 2), 400);
  const [, other] = drawn.arms;
  assert.ok(other!.effectiveUsers < 3 && other!.high! < 0, 'the interval excludes 0');
  assert.match(drawn.verdict, /^No difference is certain yet: .* 20 users .*, and those of other like 2\.$/);
  const two = outcomesBy((user, arm) => (user < 8 ? 2 + arm : 0), 8);
  assert.ok(two.arms.every(({ isKnown }) => isKnown));
  assert.match(two.verdict, /^No difference is certain yet: .* of control like /);
});

test('a report says how arms learn, and what each had learned at its newest slate', () => {
  const experiment = anExperiment({ learning: 'apart' });
  const outcomes = new ExperimentOutcomes(experiment);
  const slate = (slateId: string, servedAt: number, observations: number) =>
    aSlate({
      ...{ slateId, servedAt, observations, posteriorId: `p${observations}` },
      experiment: exposureOf('autumn', 'other'),
    });
  const { startedAt } = experiment;
  for (const [at, observations] of [
    [1, 5],
    [3, 9],
    [2, 7],
  ] as const)
    outcomes.noteSlate(slate(`s${at}`, startedAt + at, observations));
  const report = reportOf(experiment, outcomes);
  assert.equal(report.learning, 'apart');
  const [control, other] = report.arms;
  assert.deepEqual([other!.observations, other!.posteriorId], [9, 'p9']);
  assert.ok(!('posteriorId' in control!));
});

test('a report counts the slates of an arm that no candidates could put into its order', () => {
  const policy = 'fixed(column=trending.rank)';
  const [control, other] = anExperiment().arms;
  const experiment = anExperiment({ arms: [control!, { ...other!, policy }] });
  const outcomes = new ExperimentOutcomes(experiment);
  const columnsOf = [['bias'], ['bias', 'trending.rank'], ['bias', 'trending.score']];
  for (const [index, featureNames] of columnsOf.entries())
    outcomes.noteSlate(
      aSlate({
        ...{ slateId: `s${index}`, policy, featureNames, servedAt: experiment.startedAt },
        experiment: exposureOf('autumn', 'other'),
      }),
    );
  const { arms } = reportOf(experiment, outcomes);
  assert.deepEqual(
    arms.map(({ withoutColumn }) => withoutColumn),
    [undefined, 2],
  );
});

test('a fixed order by a feature that no slate had lately is refused with the features that there are', () => {
  const late = {
    names: new Set(['bias', 'combiner.rank', 'trending.rank', 'trending.beside-score']),
    slates: 40,
  };
  assert.equal(
    reasonAgainstOrder('fixed(column=sessions.rank)', late),
    'none of the last 40 slates has the feature sessions.rank; they have combiner.rank, trending.rank. Name one of theirs, or start the model first',
  );
  for (const policy of ['fixed(column=trending.score)', 'fixed(column=combiner.rank)', 'greedy'])
    assert.equal(reasonAgainstOrder(policy, late), undefined);
  assert.equal(reasonAgainstOrder('fixed(column=sessions.rank)', { names: new Set(), slates: 0 }), undefined);
});

test('slates of other experiments, from before the start and without rewards do not count', () => {
  const experiment = anExperiment();
  const outcomes = new ExperimentOutcomes(experiment);
  const slate = aSlate({ slateId: 's1', servedAt: experiment.startedAt, experiment: 'autumn/control' });
  outcomes.noteSlate(slate);
  outcomes.noteSlate(slate);
  outcomes.noteSlate({ ...slate, slateId: 's2', experiment: 'spring/control' });
  outcomes.noteSlate({ ...slate, slateId: 's3', servedAt: experiment.startedAt - 1 });
  outcomes.noteSlate({ ...slate, slateId: 's4', experiment: null });
  outcomes.noteSlate({ ...slate, slateId: 's5', experiment: 'autumn/gone' });
  const { users, waiting, unknownArms } = outcomes.byArm();
  assert.deepEqual(users, [[], []]);
  assert.deepEqual(waiting, [1, 0]);
  assert.equal(unknownArms, 1);
  const report = reportOf(experiment, outcomes);
  assert.equal(report.verdict, 'No difference is certain yet.');
  assert.deepEqual(
    report.arms.map(({ isKnown }) => isKnown),
    [false, false],
  );
});
