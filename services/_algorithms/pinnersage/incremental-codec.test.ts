import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryFormatError } from '../binary.ts';
import { gatherEvidence, likedItems } from './evidence.ts';
import type { Clustering } from './incremental-clustering.ts';
import { decodeClustering, encodeClustering } from './incremental-codec.ts';
import { readWindow, recluster } from './incremental-interests.ts';
import { ForestWorkspace } from './incremental-workspace.ts';
import { actionLists, START } from './window.testing.ts';
import { type ActionWindow, applyAction, createWindow } from './window.ts';

const VECTORS = new Map([
  ['apple', Float32Array.of(0, 0)],
  ['bread', Float32Array.of(0.9, 0.4)],
  ['cheese', Float32Array.of(1, 0.5)],
  ['dates', Float32Array.of(0, 0.1)],
]);
const vectorOf = (itemId: string) => VECTORS.get(itemId);
const OPTIONS = { lambdaPerDay: 0, actionWeights: { view: 1, purchase: 5, hide: -3 } };

function clusteringOf(window: ActionWindow): Clustering | undefined {
  const reading = readWindow(window, {}, OPTIONS);
  return recluster(reading, undefined, vectorOf, { alpha: 1, now: START }, new ForestWorkspace(0)).clustering;
}

const likedIn = (window: ActionWindow) => likedItems(gatherEvidence(window, OPTIONS));

function windowOf(...itemIds: string[]): ActionWindow {
  const window = createWindow();
  itemIds.forEach((itemId, i) => {
    applyAction(window, { eventId: `e${i}`, itemId, type: 'view', occurredAt: START, weight: 1 }, START);
  });
  return window;
}

test('a clustering survives encoding and decoding, to the last bit', () => {
  fc.assert(
    fc.property(actionLists(30), (actions) => {
      const window = createWindow();
      for (const action of actions) applyAction(window, action, START);
      const clustering = clusteringOf(window);
      if (clustering === undefined) return;
      const bytes = encodeClustering(clustering);
      assert.deepEqual(decodeClustering(bytes, likedIn(window), vectorOf), clustering);
    }),
  );
});

test('bytes of versions 1 to 4 still decode', () => {
  const window = windowOf('apple', 'bread', 'cheese', 'dates', 'eggs');
  const golden = [
    '01b3a7f8ff06040104' + '0200030102',
    '02fac0de8e070401' + '040200030102',
    '03daa18eb10a0401' + '040200030102',
    '04e3ebc1a6080401' + '0402000320' + '85eb51e17a843f010200b91e85e17a943f' + '0001',
  ];
  assert.equal(Buffer.from(encodeClustering(clusteringOf(window)!)).toString('hex'), golden.at(-1));
  for (const bytes of golden) {
    const decoded = decodeClustering(Buffer.from(bytes, 'hex'), likedIn(window), vectorOf);
    assert.deepEqual(decoded, clusteringOf(window));
  }
});

test('a clustering of other vectors, weights or items is not accepted', () => {
  const window = windowOf('apple', 'bread', 'cheese');
  const bytes = encodeClustering(clusteringOf(window)!);
  const liked = likedIn(window);
  const moved = (itemId: string) => (itemId === 'bread' ? Float32Array.of(0.9, 0.41) : vectorOf(itemId));
  assert.equal(decodeClustering(bytes, liked, moved), undefined);
  const withdrawn = (itemId: string) => (itemId === 'bread' ? undefined : vectorOf(itemId));
  assert.equal(decodeClustering(bytes, liked, withdrawn), undefined);
  const oftener = likedIn(windowOf('apple', 'bread', 'bread', 'cheese'));
  assert.equal(decodeClustering(bytes, oftener, vectorOf), undefined);
  assert.equal(decodeClustering(bytes, liked.slice(1), vectorOf), undefined);
});

test('truncated and random bytes are rejected or not accepted, and cause no other error', () => {
  const window = windowOf('apple', 'bread', 'cheese', 'dates', 'eggs');
  const bytes = encodeClustering(clusteringOf(window)!);
  const liked = likedIn(window);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 30 }), (length, noise) => {
      assert.throws(() => decodeClustering(bytes.subarray(0, length), liked, vectorOf), BinaryFormatError);
      for (const start of [
        Uint8Array.of(1),
        Uint8Array.of(2),
        Uint8Array.of(3),
        Uint8Array.of(4),
        bytes.subarray(0, length),
      ]) {
        const given = Uint8Array.of(...start, ...noise);
        // The noise may be what was cut off.
        if (Buffer.compare(given, bytes) === 0) continue;
        try {
          assert.equal(decodeClustering(given, liked, vectorOf), undefined);
        } catch (error) {
          if (!(error instanceof BinaryFormatError)) throw error;
        }
      }
    }),
  );
});

test('merges and medoids that no clustering can have are malformed, also with a fingerprint that fits them', () => {
  const window = windowOf('apple', 'bread', 'cheese', 'dates');
  const clustering = clusteringOf(window)!;
  const { forest } = clustering;
  const broken = {
    'a node that does not exist yet': { ...clustering, forest: { ...forest, right: Int32Array.of(5, 3) } },
    'a node that was merged before': { ...clustering, forest: { ...forest, left: Int32Array.of(0, 0) } },
    'a medoid of a different cluster': { ...clustering, medoids: Int32Array.of(1, 0) },
    'a medoid that is no leaf': { ...clustering, medoids: Int32Array.of(0, 9) },
  };
  for (const [name, one] of Object.entries(broken))
    assert.throws(
      () => decodeClustering(encodeClustering(one), likedIn(window), vectorOf),
      BinaryFormatError,
      name,
    );
});
