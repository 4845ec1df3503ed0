import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OfferedItems } from './offered-items.ts';

describe('which items a slate may show', () => {
  it('every item may be shown where no catalogue is kept', () => {
    assert.ok(new OfferedItems().has('tea'));
  });

  it('from the first catalogue entry on, only listed and available items may be shown', () => {
    const offered = new OfferedItems();
    offered.apply('tea', { availability: 'available' });
    assert.deepEqual([offered.has('tea'), offered.has('unlisted')], [true, false]);
    offered.apply('tea', { availability: 'unavailable' });
    assert.equal(offered.has('tea'), false);
    offered.apply('tea', { availability: 'available' });
    offered.apply('tea', null);
    assert.equal(offered.has('tea'), false);
    assert.equal(offered.size, 0);
  });

  it('the version grows with each change of what may be shown, and with nothing else', () => {
    const offered = new OfferedItems();
    const versions = (['available', 'available', 'unavailable', 'unavailable', 'available'] as const).map(
      (availability) => {
        offered.apply('tea', { availability });
        return offered.version;
      },
    );
    assert.deepEqual(versions, [1, 1, 2, 2, 3]);
    const empty = new OfferedItems();
    empty.apply('tea', null);
    assert.equal(empty.version, 1, 'from the first entry on, unlisted items may not be shown');
  });

  it('a tombstone alone tells that a catalogue is kept', () => {
    const offered = new OfferedItems();
    offered.apply('gone', null);
    assert.equal(offered.has('tea'), false);
  });

  it('names of properties of every object are ordinary ids', () => {
    const offered = new OfferedItems();
    offered.apply('tea', { availability: 'available' });
    for (const itemId of ['constructor', '__proto__', '']) assert.equal(offered.has(itemId), false);
    offered.apply('__proto__', { availability: 'available' });
    assert.ok(offered.has('__proto__'));
  });
});
