import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readHistory, retentionWarning } from './retention.ts';

describe('the history that a training can cover', () => {
  it('a retention that is shorter than the training names both and the remedy', () => {
    const warning = retentionWarning({ days: 365, retentionDays: 90 });
    assert.match(
      warning ?? '',
      /keeps 90 days.*not the 365 of TRIBUTARY_RETRAIN_DAYS.*--retention actions=365/,
    );
  });

  it('a retention that is long enough or unlimited is no reason to warn', () => {
    assert.equal(retentionWarning({ days: 90, retentionDays: 90 }), undefined);
    assert.equal(retentionWarning({ days: 365, retentionDays: null }), undefined);
  });

  it('the history is known and the warning logged, also where the broker does not tell', async () => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    assert.deepEqual(await readHistory(365, async () => 90, warn), { days: 365, retentionDays: 90 });
    const unknown = await readHistory(365, () => Promise.reject(new Error('not authorised')), warn);
    assert.deepEqual(unknown, { days: 365, retentionDays: null });
    assert.match(warnings[1] ?? '', /not known: not authorised/);
    assert.equal(warnings.length, 2);
  });
});
