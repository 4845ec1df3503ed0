import assert from 'node:assert/strict';
import { test } from 'node:test';
import { armOfExposure, ExperimentBook, experimentFault, exposureOf } from './experiments.ts';
import { anExperiment } from './records.testing.ts';

test('the fault of an invalid experiment names its field', () => {
  const fault = (change: Parameters<typeof anExperiment>[0], key?: string) => {
    const value = anExperiment(change);
    const found = experimentFault({ value, key: key ?? value.name });
    return found && `${found.field} ${found.reason}`;
  };
  const [control, other] = anExperiment().arms;
  assert.equal(fault({}), undefined);
  assert.match(fault({ name: 'A b' })!, /^name is "A b"; it must be 1 to 64 lower-case/);
  assert.match(fault({ arms: [control!] })!, /^arms has 1 arms; it must have 2 to 16/);
  assert.match(fault({ arms: [control!, control!] })!, /^arms\[1\]\.name is control as that of another arm/);
  assert.match(
    fault({ arms: [control!, { ...other!, share: 0 }] })!,
    /^arms\[1\]\.share is 0; it must be positive/,
  );
  for (const share of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e-300])
    assert.match(fault({ arms: [control!, { ...other!, share }] })!, /^arms\[1\]\.share is .*1000000$/);
  assert.match(fault({ state: 'promoted', promoted: 'gone' })!, /^promoted is gone, which is no arm/);
  assert.notEqual(fault({}, 'another'), undefined);
});

test('a running experiment is in force, the last promoted arm after it, and a stopped one not', () => {
  const book = new ExperimentBook();
  const inForce = () => book.inForce;
  const declare = (name: string, change: Parameters<typeof anExperiment>[0]) =>
    assert.equal(book.declare(name, anExperiment({ name, ...change })), undefined);
  assert.deepEqual(inForce(), { running: undefined, promoted: undefined });
  declare('first', { startedAt: 1 });
  assert.equal(inForce().running?.name, 'first');
  declare('first', { startedAt: 1, updatedAt: 5, state: 'promoted', promoted: 'other' });
  assert.equal(inForce().running, undefined);
  assert.equal(inForce().promoted?.name, 'other');
  declare('second', { startedAt: 6, updatedAt: 6 });
  assert.equal(inForce().running?.name, 'second');
  assert.equal(inForce().promoted?.name, 'other');
  declare('second', { startedAt: 6, updatedAt: 7, state: 'promoted', promoted: 'control' });
  assert.equal(inForce().promoted?.name, 'control');
  declare('second', { startedAt: 6, updatedAt: 8, state: 'stopped' });
  assert.equal(inForce().promoted?.name, 'other');
  assert.equal(book.declare('first', null), undefined);
  assert.deepEqual(inForce(), { running: undefined, promoted: undefined });
});

test('an invalid experiment is skipped, and the state before it holds', () => {
  const book = new ExperimentBook();
  book.declare('first', anExperiment({ name: 'first' }));
  assert.equal(book.declare('first', anExperiment({ name: 'first', arms: [] }))?.field, 'arms');
  assert.equal(book.inForce.running?.arms.length, 2);
});

test('the exposure of a slate names its experiment and arm', () => {
  assert.equal(armOfExposure(exposureOf('autumn', 'control'), 'autumn'), 'control');
  assert.equal(armOfExposure(exposureOf('autumn-2', 'control'), 'autumn'), undefined);
  assert.equal(armOfExposure(null, 'autumn'), undefined);
});
