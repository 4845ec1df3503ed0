import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICY_SETTINGS } from '../policies/select.ts';
import { selectArmPolicy } from './arm-policy.ts';

const VALUES = Object.fromEntries(
  Object.entries(POLICY_SETTINGS).map(([key, { fallback }]) => [key, fallback]),
);

test('an arm names a policy, with settings of its own before those of the stage', () => {
  const label = (text: string, values = VALUES) => {
    const selected = selectArmPolicy(text, values);
    return 'label' in selected ? selected.label : selected.reason;
  };
  assert.equal(label('greedy'), 'greedy');
  assert.equal(label('thompson', { ...VALUES, 'thompson.draws': 32 }), 'thompson(draws=32)');
  assert.equal(label('thompson(draws=8)', { ...VALUES, 'thompson.draws': 32 }), 'thompson(draws=8)');
});

test('an unknown policy, an unknown setting and a value that is not accepted each have a reason', () => {
  const reason = (text: string) => {
    const selected = selectArmPolicy(text, VALUES);
    return 'reason' in selected ? selected.reason : '';
  };
  assert.match(reason('neural'), /^there is no policy neural; the policies are thompson, /);
  assert.match(reason('Greedy('), /^there is no policy Greedy\(/);
  assert.match(reason('greedy(draws=8)'), /^greedy has no setting draws=8/);
  assert.match(reason('thompson(constructor=8)'), /has no setting constructor=8/);
  assert.match(reason('thompson(draws)'), /has no setting draws/);
  assert.match(reason('thompson(draws=0)'), /TRIBUTARY_RERANK_DRAWS must be a whole number/);
});
