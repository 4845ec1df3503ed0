import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  anAction,
  aProposal,
  aReward,
  aSlate,
  aSlot,
  RECORDED_AT,
  someInterests,
} from '#contracts/domain/records.testing.ts';
import type { TopicName } from '../catalog.ts';
import { Causes, inOrderOfCause } from './causes.ts';
import type { StoryEntry } from './entry.ts';
import { StoryPrinter } from './render-story.ts';
import { noteOfStart } from './start-note.ts';

function entry(topic: TopicName, offset: number, at: number, value: object, trace?: string): StoryEntry {
  return {
    topic,
    partition: 0,
    offset,
    at: RECORDED_AT + at,
    key: 'u1',
    trace,
    value: value as StoryEntry['value'],
  };
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const action = entry('actions', 5, 0, anAction({ itemId: 'tea' }), TRACE);
const interests = entry('interests', 1, 20, someInterests({ version: 5 }), TRACE);
const proposals = entry('proposals', 2, 30, aProposal({ version: 5 }));
const slate = entry(
  'slates',
  3,
  100,
  aSlate({ slateId: 's1', interestsVersion: 5, slots: [aSlot({ itemId: 'jam' }), aSlot({ itemId: 'cup' })] }),
);
const answer = entry('actions', 6, 4_100, anAction({ itemId: 'cup', type: 'view' }));
const reward = entry(
  'rewards',
  4,
  9_000,
  aReward({ slateId: 's1', itemId: 'cup', slot: 1, reward: 0.1, actionType: 'view', delay: 4_000 }),
);
const ALL = [action, interests, proposals, slate, answer, reward];

describe('the story of a user', () => {
  it('links each message to the one that led to it, by versions, slates and shown items', () => {
    const linked = inOrderOfCause(ALL);
    assert.deepEqual(
      linked.map(({ entry: { topic }, cause, link }) => [topic, cause?.topic, link]),
      [
        ['actions', undefined, ''],
        ['interests', 'actions', 'includes'],
        ['proposals', 'interests', 'answers'],
        ['slates', 'proposals', 'chosen from'],
        ['actions', 'slates', 'was in slot 1 of'],
        ['rewards', 'slates', 'belongs to'],
      ],
    );
  });

  it('shows nothing before its cause, whatever the order of reading and the clocks say', () => {
    const early = { ...interests, at: RECORDED_AT - 500 };
    const order = inOrderOfCause([reward, proposals, early, answer, slate, action]).map(
      ({ entry: { topic } }) => topic,
    );
    assert.ok(order.indexOf('actions') < order.indexOf('interests'));
    assert.ok(order.indexOf('slates') < order.indexOf('rewards'));
    assert.equal(order.length, ALL.length);
  });

  it('links an action to no slate that came after it', () => {
    const causes = new Causes();
    causes.add(slate);
    const before = entry('actions', 7, 50, anAction({ itemId: 'cup' }));
    assert.equal(causes.causeOf(before).cause, undefined);
  });

  it('links an action to the slate that it names, whatever was shown since', () => {
    const causes = new Causes();
    causes.add(slate);
    causes.add(
      entry(
        'slates',
        9,
        200,
        aSlate({ slateId: 's2', interestsVersion: 5, slots: [aSlot({ itemId: 'cup' })] }),
      ),
    );
    const named = entry('actions', 7, 300, anAction({ itemId: 'cup', slateId: 's1', slot: 1 }));
    assert.deepEqual(causes.causeOf(named), { cause: slate, link: 'answers' });
  });

  it('links a rejected message to its dead letter', () => {
    const letter = entry('dead-letters', 0, 60, {
      sourceTopic: 'actions',
      partition: 0,
      offset: 5,
      code: 'time.future',
    });
    const last = inOrderOfCause([letter, action]).at(-1)!;
    assert.deepEqual([last.link, last.cause?.offset], ['rejects', 5]);
  });

  it('prints the latency of each step, that since the action, the trace, and what each slot earned', () => {
    const printer = new StoryPrinter(new Map([['cup', 'A cup']]));
    for (const one of ALL) printer.expect(one);
    const lines = inOrderOfCause(ALL).map((one) => printer.text(one));
    assert.match(
      lines[1]!,
      /^12:00:00\.020 {5}\+20 ms .*interests 0:1 .*includes actions 0:5, trace 4bf92f35/,
    );
    assert.match(
      lines[3]!,
      /\+70 ms .*slates 0:3 .*s1 to u1 .*earned 0\.1 \(1 of 2 slots settled\).*100 ms after the action/,
    );
    assert.match(lines[3]!, /\n +2\. cup “A cup” p=.* → 0\.1 \(view after 4\.0 s\)/);
    assert.match(lines[4]!, /\+4\.0 s .*view cup “A cup” by u1.*was in slot 1 of slates 0:3/);
    const summary = printer.summary(ALL);
    assert.match(summary, /actions → interests +1 +20 +20/);
    assert.match(summary, /s1 .* 0\.1 +view in slot 1/);
  });

  it('names no medoids of a user who has none yet', () => {
    const none = entry('interests', 1, 20, someInterests({ version: 5, windowSize: 12, medoids: [] }));
    const line = new StoryPrinter(new Map()).text(inOrderOfCause([action, none])[1]!);
    assert.match(line, /window of 12, no interests yet {2}/);
  });

  it('names --since where nothing was found, and where only the last hour was read', () => {
    const ann = { userId: 'ann' };
    assert.match(noteOfStart(ann, 0, undefined), /nothing of user ann since -1h: try an earlier --since/);
    assert.match(
      noteOfStart({ itemId: 'tea' }, 0, '-7d'),
      /nothing of item tea since -7d: try an earlier --since/,
    );
    assert.match(noteOfStart(ann, 0, 'beginning'), /nothing of user ann since beginning: compare the id\.$/);
    assert.match(
      noteOfStart(ann, 3, undefined),
      /^Only the last hour is shown; an earlier --since.* shows more\.$/,
    );
    assert.equal(noteOfStart(ann, 3, '-7d'), '');
  });

  it('prints one JSON object an entry, with its cause and its value', () => {
    const printer = new StoryPrinter(new Map());
    for (const one of ALL) printer.expect(one);
    const [, second, , fourth] = inOrderOfCause(ALL).map(
      (one) => JSON.parse(printer.json(one)) as Record<string, unknown>,
    );
    assert.deepEqual(second!.cause, {
      topic: 'actions',
      partition: 0,
      offset: 5,
      link: 'includes',
      latencyMs: 20,
    });
    assert.equal(second!.trace, TRACE);
    assert.deepEqual(fourth!.earned, { reward: 0.1, settled: 1, by: ['view in slot 1'] });
    assert.equal(fourth!.sinceActionMs, 100);
  });

  it('links a message to the last record of its version that was written before it, so that no hop takes less than no time', () => {
    const again = entry('interests', 7, 5_000, someInterests({ version: 5 }));
    const later = entry('proposals', 8, 5_050, aProposal({ version: 5 }));
    const linked = inOrderOfCause([...ALL, again, later]);
    const causeOf = (one: StoryEntry) => linked.find(({ entry: candidate }) => candidate === one)?.cause;
    assert.deepEqual([causeOf(proposals), causeOf(slate), causeOf(later)], [interests, proposals, again]);
    const printer = new StoryPrinter(new Map());
    for (const one of linked) assert.doesNotMatch(printer.text(one), /-\d/);
  });

  it('names a difference of the clocks instead of a negative time', () => {
    const early = { ...interests, at: RECORDED_AT - 500 };
    const printer = new StoryPrinter(new Map());
    const [, second] = inOrderOfCause([action, early]);
    assert.match(printer.text(second!), /\+0 ms .*the clocks of two processes differ by 500 ms or more/);
    const { cause } = JSON.parse(printer.json(second!)) as {
      cause: { latencyMs: number; clocksDifferByMs: number };
    };
    assert.deepEqual([cause.latencyMs, cause.clocksDifferByMs], [0, 500]);
  });

  it('says that a slate is empty, that it earned nothing, and which hops wait for a person', () => {
    const empty = entry('slates', 9, 200, aSlate({ slateId: 's0', interestsVersion: 5, slots: [] }));
    const nothing = entry(
      'rewards',
      10,
      9_000,
      aReward({ slateId: 's1', itemId: 'jam', slot: 0, reward: 0, actionType: null, delay: null }),
    );
    const other = {
      ...reward,
      value: { ...(reward.value as object), reward: 0, actionType: null },
    } as StoryEntry;
    const all = [action, interests, proposals, slate, empty, nothing, other];
    const printer = new StoryPrinter(new Map());
    for (const one of all) printer.expect(one);
    const text = inOrderOfCause(all)
      .map((one) => printer.text(one))
      .join('\n');
    assert.match(text, /s0 to u1 .*, empty: there was nothing to recommend/);
    const summary = printer.summary(all);
    assert.match(summary, /s0 .* it is empty/);
    assert.match(summary, /s1 .* 0 +nothing$/m);
    assert.match(summary, /actions → interests .*how long the stages take/);
    assert.match(summary, /proposals → slates .*how long until a slate is requested/);
    assert.match(summary, /slates → rewards .*how long until the outcome is settled/);
  });
});
