import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explanationFault } from '#contracts/domain/explanation.ts';
import { SETTINGS } from '../config.ts';
import { PROPOSERS } from './registry.ts';

describe('the registered models', () => {
  it('the registered models have names of their own that fit a consumer group, a metric and a key of Redis', () => {
    const names = PROPOSERS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it('the registered models explain their items in templates that the gateway can fill in', () => {
    for (const { name, explanation } of PROPOSERS)
      assert.equal(explanationFault(explanation), undefined, name);
  });

  it('the registered models share no variable with another model or the stage, unless it is the same setting', () => {
    const declared = new Map(Object.values(SETTINGS).map((setting) => [setting.variable, setting]));
    assert.equal(declared.size, Object.keys(SETTINGS).length);
    for (const { name, settings } of PROPOSERS) {
      for (const setting of Object.values(settings)) {
        assert.equal(
          declared.get(setting.variable),
          setting,
          `${name} declares ${setting.variable} once more`,
        );
      }
    }
  });
});
