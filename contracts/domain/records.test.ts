import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRecordType } from '../avro-types.ts';
import { SCHEMAS } from '../generated/records.ts';
import { actionFault } from './action-validity.ts';
import {
  aDeadLetter,
  anAction,
  anEmbedding,
  anItem,
  aProposal,
  aRelease,
  aReward,
  aSlate,
  logged,
  someInterests,
  someWeights,
} from './records.testing.ts';

describe('the records that tests are built from', () => {
  const records = {
    DeadLetter: aDeadLetter(),
    Item: anItem(),
    ItemEmbedding: anEmbedding(),
    ModelWeights: someWeights(),
    Proposal: aProposal(),
    Release: aRelease(),
    Reward: aReward(),
    Slate: aSlate(),
    UserAction: anAction(),
    UserInterests: someInterests(),
  };

  it('builds records that fit their schemas', () => {
    for (const [name, record] of Object.entries(records)) {
      assert.ok(compileRecordType(SCHEMAS[name as keyof typeof records]).isValid(record), name);
    }
  });

  it('builds a valid action with an event id of its own', () => {
    assert.equal(actionFault(logged(anAction())), undefined);
    assert.notEqual(anAction().eventId, anAction().eventId);
  });
});
