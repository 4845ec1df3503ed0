import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { assignPartitions } from './copartition.ts';

const topics = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), fc.integer({ min: 1, max: 12 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([topic]) => topic,
  })
  .map((pairs) =>
    pairs.map(([topic, count]) => ({ topic, partitions: Array.from({ length: count }, (_, p) => p) })),
  );
const members = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 });

it('every partition has one owner, and partition p of all topics the same one', () => {
  fc.assert(
    fc.property(members, topics, (memberIds, all) => {
      const assigned = assignPartitions(memberIds, all);
      const owners = new Map<number, string>();
      let count = 0;
      for (const [member, assignment] of assigned) {
        for (const partition of Object.values(assignment).flat()) {
          assert.equal(owners.get(partition) ?? member, member);
          owners.set(partition, member);
          count += 1;
        }
      }
      assert.equal(
        count,
        all.reduce((sum, { partitions }) => sum + partitions.length, 0),
      );
    }),
  );
});

it('members differ by at most one partition of a topic', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 40 }), (memberIds, count) => {
      const partitions = Array.from({ length: count }, (_, p) => p);
      const assigned = assignPartitions(memberIds, [{ topic: 'actions', partitions }]);
      const sizes = [...assigned.values()].map(({ actions = [] }) => actions.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
  );
});

it('a group without members assigns nothing', () => {
  assert.equal(assignPartitions([], [{ topic: 'actions', partitions: [0, 1] }]).size, 0);
});
