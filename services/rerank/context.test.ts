import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '#platform/config.ts';
import { SETTINGS } from './config.ts';
import { createContexts, isZone } from './context.ts';

const NOBODY = { recent: new Set<string>(), lastReceivedAt: null };

test('hour and weekday are those of the zone of the app', () => {
  const at = (zone: string, time: string) =>
    createContexts({ surfaces: [], zone })({ pool: NOBODY, now: Date.parse(time) }).names;
  // A Friday.
  assert.deepEqual(at('UTC', '2026-02-27T23:30:00Z'), ['at.evening']);
  assert.deepEqual(at('Europe/Berlin', '2026-02-27T23:30:00Z'), ['at.weekend', 'at.night']);
  assert.deepEqual(at('UTC', '2026-02-25T13:00:00Z'), [], 'the afternoon of a working day');
  assert.equal(isZone('Europe/Nowhere'), false);
});

test('a context tells how much a user has done and how long ago, and where the slate is shown', () => {
  const contextOf = createContexts({ surfaces: ['home'], zone: 'UTC' });
  const now = Date.parse('2026-02-25T13:00:00Z');
  const pool = {
    recent: new Set(Array.from({ length: 400 }, (_, i) => `item ${i}`)),
    lastReceivedAt: now - 86_400_000,
  };
  assert.deepEqual(contextOf({ pool, now, surface: 'home', device: 'mobile' }), {
    names: ['at.history', 'at.idle', 'at.surface-home', 'at.device-mobile'],
    values: [1, 0.5, 1, 1],
  });
  assert.deepEqual(contextOf({ pool: NOBODY, now, surface: 'unheard-of' }).names, ['at.surface-other']);
});

test('what else holds is told apart by the names that are declared, and is one for all others', () => {
  const contextOf = createContexts({ surfaces: [], contexts: ['rain', 'gift'], zone: 'UTC' });
  const now = Date.parse('2026-02-25T13:00:00Z');
  const at = (context: readonly string[]) => contextOf({ pool: NOBODY, now, context }).names;
  assert.deepEqual(at(['gift', 'rain', 'gift']), ['at.context-gift', 'at.context-rain']);
  assert.deepEqual(at(['snow', 'fog']), ['at.context-other']);
  assert.deepEqual(at([]), []);
});

test('a context is computed again when the quarter of an hour has passed', () => {
  const contextOf = createContexts({ surfaces: [], zone: 'UTC' });
  const at = (time: string) => contextOf({ pool: NOBODY, now: Date.parse(time) }).names;
  assert.deepEqual(at('2026-02-25T17:59:59Z'), []);
  assert.deepEqual(at('2026-02-25T18:00:00Z'), ['at.evening']);
});

test('a name that no context of a request can have is an error of the setting', () => {
  const read = (name: string, text: string) => () =>
    readConfig(SETTINGS, { [`TRIBUTARY_RERANK_${name}`]: text });
  for (const text of ['idle,nonsense', 'surface-', 'device-phone', 'surface-HOME'])
    assert.throws(
      read('INTERACTIONS', text),
      /TRIBUTARY_RERANK_INTERACTIONS must be a comma-separated list of history, idle/,
    );
  for (const name of ['SURFACES', 'CONTEXTS'])
    assert.throws(
      read(name, 'home,HOME PAGE'),
      /must be a comma-separated list of names of lower-case letters/,
    );
  const { interactions } = read('INTERACTIONS', 'idle, weekend,surface-home,device-mobile,context-rain')();
  assert.deepEqual(interactions, ['idle', 'weekend', 'surface-home', 'device-mobile', 'context-rain']);
});
