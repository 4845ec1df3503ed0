import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { combiner } from '../../../services/propose/proposers/combiner.ts';
import { splitOf } from '../pinsage/split.testing.ts';
import { someLog } from '../served/some-log.testing.ts';
import { liftCurve } from './lift-curve.ts';
import { ALL_MODELS, AS_SERVED, listsOf, proposeAll } from './serve-all.ts';

const { mostLift } = readProposeConfig({}).settingsOf(combiner);

test('the curve starts without lifts, and has the slates as served at the default lift', async () => {
  const log = someLog(Date.UTC(2026, 0, 1));
  const seen = Map.groupBy(log.actions.user.keys(), (position) => log.actions.user[position]!);
  const taken = [...seen].map(([user, positions]): [number, number[]] => [
    user,
    positions.map((position) => log.actions.item[position]!),
  ]);
  const split = splitOf({
    itemCount: log.itemIds.length,
    train: log.actions,
    seen: taken,
    relevant: taken.map(([user, own]) => [
      user,
      log.itemIds.flatMap((_, item) => (own.includes(item) ? [] : [item])).slice(0, 5),
    ]),
  });
  const config = { interests: readInterestsConfig(), propose: readProposeConfig(ALL_MODELS) };
  const served = await proposeAll(log, split, config);
  const curve = await liftCurve(log, split, served, createRandom(1));
  assert.equal(new Set(curve.map(({ name, lift }) => `${name} ${lift}`)).size, curve.length);
  for (const { lift, lead, low, high } of curve.slice(0, 2))
    assert.deepEqual({ lift, lead, low, high }, { lift: 0, lead: 0, low: 0, high: 0 });
  const shown = new Set(
    [...listsOf(served, log, split).get(AS_SERVED)!.values()].flatMap((own) => own.slice(0, 10)),
  );
  const asServed = curve.find(({ name, lift }) => name === AS_SERVED && lift === mostLift);
  assert.equal(asServed?.coverage10, shown.size / log.itemIds.length);
});
