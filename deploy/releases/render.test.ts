import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { someRelease } from '../../services/retrain/records.testing.ts';
import { describeRelease, renderRelease, renderReleases } from './render.ts';

const CARD = JSON.stringify({
  codeVersion: '0.1.0',
  data: { from: 0, items: 3 },
  lossByEpoch: [0.5, 0.25],
  alphaSweep: [{ alpha: 1, clusters: 2.123456 }],
});

describe('the table of releases', () => {
  it('the table has the newest generation first, and dashes for missing measurements', () => {
    const table = renderReleases([
      someRelease('g2', 'active', {
        metrics: { hitRateAt10: 0.123456, hitRateAt100: 0.5 },
        actionCount: 1_000,
      }),
      someRelease('g1', 'rejected', { reason: 'worse\nthan the content' }),
    ]);
    const [head, first, second, ...rest] = table.split('\n');
    assert.match(head ?? '', /^GENERATION +STATE +ITEMS +ACTIONS +ALPHA +HIT@10 +HIT@100 +SINCE +REASON$/);
    assert.match(first ?? '', /^g2 +active +1 +1,000 +1 +0\.1235 +0\.5 +1970-01-01T00:00:00\.000Z$/);
    assert.match(second ?? '', /^g1 +rejected +1 +1 +1 +– +– +1970\S+ +worse\S+than the content$/);
    assert.deepEqual(rest, []);
  });

  it('an empty table names the stage that creates generations', () => {
    assert.match(renderReleases([]), /^There is no generation yet/);
  });
});

describe('one release', () => {
  it('a release is shown with its figures and every leaf of its model card', () => {
    const release = someRelease('g1', 'retired', {
      itemCount: 3,
      metrics: { ndcg: 0.25 },
      modelCard: CARD,
      reason: 'superseded by g2',
    });
    assert.deepEqual(renderRelease(release, 2).split('\n'), [
      'generation      g1',
      'state           retired since 1970-01-01T00:00:00.000Z: superseded by g2',
      'training began  1970-01-01T00:00:00.000Z',
      'embeddings      2 of 3 in the log, 8 dimensions',
      'actions         1',
      'alpha           1',
      '',
      'metrics',
      '  ndcg  0.25',
      '',
      'model card',
      '  codeVersion    0.1.0',
      '  data.from      0',
      '  data.items     3',
      '  lossByEpoch    0.5, 0.25',
      '  alphaSweep[0]  alpha 1, clusters 2.123',
    ]);
  });

  it('--json prints a release as data, with its model card', () => {
    const { modelCard, trainedEmbeddings } = describeRelease(
      someRelease('g1', 'active', { modelCard: CARD }),
      2,
    );
    assert.deepEqual({ modelCard, trainedEmbeddings }, { modelCard: JSON.parse(CARD), trainedEmbeddings: 2 });
  });

  it('a release is shown even if its model card is empty or not JSON', () => {
    assert.doesNotMatch(renderRelease(someRelease('g1', 'active', { modelCard: '' }), 1), /model card/);
    assert.match(renderRelease(someRelease('g1', 'active', { modelCard: 'by hand' }), 1), /text {2}by hand$/);
  });
});
