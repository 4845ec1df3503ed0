import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProposeConfig } from './config.ts';
import { medoidNeighbours } from './proposers/medoid-neighbours.ts';
import { sessionNeighbours } from './proposers/session-neighbours.ts';
import { trending } from './proposers/trending.ts';

/** A registry of its own, so that a new model changes no test here. */
const read = (environment: Record<string, string>) =>
  readProposeConfig(environment, [medoidNeighbours, trending]);
const namesOf = (environment: Record<string, string>) => read(environment).proposers.map(({ name }) => name);

describe('the settings of propose', () => {
  it('the settings of propose run every registered model in one consumer group unless they say otherwise', () => {
    assert.deepEqual(namesOf({}), ['medoid-neighbours', 'trending']);
    assert.equal(read({}).group, '');
  });

  it('the settings of propose can choose models, which then have a consumer group of their own', () => {
    const chosen = { TRIBUTARY_PROPOSERS: ' medoid-neighbours ' };
    assert.deepEqual(namesOf(chosen), ['medoid-neighbours']);
    assert.equal(read(chosen).group, 'medoid-neighbours');
    const all = { TRIBUTARY_PROPOSERS: 'trending,medoid-neighbours' };
    assert.equal(read(all).group, '', 'all of them share the group, whatever their order');
  });

  it('the settings of propose leave out a model that is not run by default, unless they name it', () => {
    const registry = [medoidNeighbours, trending, sessionNeighbours];
    const { proposers, group } = readProposeConfig({}, registry);
    assert.deepEqual(
      proposers.map(({ name }) => name),
      ['medoid-neighbours', 'trending'],
    );
    assert.equal(group, '');
    const named = readProposeConfig({ TRIBUTARY_PROPOSERS: 'trending,session-neighbours' }, registry);
    assert.equal(named.group, 'trending+session-neighbours');
  });

  it('the settings of propose list an unknown model together with the faults of every model’s settings', () => {
    const faulty = {
      TRIBUTARY_PROPOSERS: 'medoids',
      TRIBUTARY_MEDOIDS_SAMPLED: '0',
      TRIBUTARY_CANDIDATES: 'x',
    };
    assert.throws(
      () => read(faulty),
      (error: Error) => {
        assert.match(
          error.message,
          /TRIBUTARY_PROPOSERS must be .*medoid-neighbours, trending, but is "medoids"/,
        );
        assert.match(error.message, /TRIBUTARY_MEDOIDS_SAMPLED must be/);
        assert.match(error.message, /TRIBUTARY_CANDIDATES must be/);
        return true;
      },
    );
  });

  it('the settings of propose give a model its own settings', () => {
    const config = read({ TRIBUTARY_MEDOIDS_SAMPLED: '4' });
    assert.deepEqual(config.settingsOf(medoidNeighbours), {
      medoidsSampled: 4,
      popularityExponent: 0.7,
    });
  });
});
