import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { rendezvous } from './rendezvous.ts';

it('the members of a rendezvous continue when the last one has arrived or left', async () => {
  const [a, b, c] = rendezvous(3);
  const seen: string[] = [];
  void a!.arrive().then(() => seen.push('a'));
  a!.leave();
  c!.leave();
  c!.leave();
  await turn();
  assert.equal(seen.length, 0, 'b is still missing');
  void b!.arrive().then(() => seen.push('b'));
  await turn();
  assert.deepEqual(seen.sort(), ['a', 'b']);
});
