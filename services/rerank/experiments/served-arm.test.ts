import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExperimentBook } from '#contracts/domain/experiments.ts';
import { anExperiment } from '#contracts/domain/records.testing.ts';
import { declareExperiment, servedArm } from './served-arm.ts';

const reasonAgainst = (name: string) => (name === 'greedy' ? undefined : `there is no policy ${name}`);

test('a running experiment divides the users, the same way each time, and names the arm', () => {
  const book = new ExperimentBook();
  assert.equal(declareExperiment(book, 'autumn', anExperiment(), reasonAgainst), undefined);
  const exposures = new Map<string | null, number>();
  for (let user = 0; user < 1_000; user++) {
    const arm = servedArm(book.inForce, `u${user}`);
    assert.deepEqual(servedArm(book.inForce, `u${user}`), arm);
    assert.equal(arm.policy, arm.exposure === 'autumn/other' ? 'greedy' : '');
    exposures.set(arm.exposure, (exposures.get(arm.exposure) ?? 0) + 1);
  }
  assert.deepEqual([...exposures.keys()].sort(), ['autumn/control', 'autumn/other']);
  assert.ok(Math.abs(exposures.get('autumn/other')! - 500) < 60);
});

test('a promoted arm serves everybody outside of an experiment, and a stopped one nobody', () => {
  const book = new ExperimentBook();
  const promoted = anExperiment({ state: 'promoted', promoted: 'other' });
  declareExperiment(book, 'autumn', promoted, reasonAgainst);
  assert.deepEqual(servedArm(book.inForce, 'u1'), { policy: 'greedy', exposure: null, learner: '' });
  declareExperiment(book, 'autumn', anExperiment({ state: 'stopped' }), reasonAgainst);
  assert.deepEqual(servedArm(book.inForce, 'u1'), { policy: '', exposure: null, learner: '' });
});

test('an arm learns apart if its experiment says so, and under the name that its slates carry', () => {
  const book = new ExperimentBook();
  declareExperiment(book, 'autumn', anExperiment(), reasonAgainst);
  assert.equal(servedArm(book.inForce, 'u1').learner, '');
  declareExperiment(book, 'autumn', anExperiment({ learning: 'apart' }), reasonAgainst);
  const { exposure, learner } = servedArm(book.inForce, 'u1');
  assert.equal(learner, exposure);
});

test('an experiment with an unknown policy or an invalid field is skipped with its reason', () => {
  const book = new ExperimentBook();
  const arms = [
    { name: 'control', share: 1, policy: '' },
    { name: 'new', share: 1, policy: 'neural' },
  ];
  assert.match(
    declareExperiment(book, 'autumn', anExperiment({ arms }), reasonAgainst)!,
    /^arm new: there is no policy neural$/,
  );
  assert.match(declareExperiment(book, 'autumn', anExperiment({ arms: [] }), reasonAgainst)!, /arms/);
  assert.equal(book.inForce.running, undefined);
});
