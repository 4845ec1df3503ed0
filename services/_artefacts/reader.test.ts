import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { collectGarbage } from '#platform/testing/collect-garbage.ts';
import {
  type ArtefactMessage,
  anArtefact,
  applyMessage,
  memoryLog,
  putArtefact,
  readerOf,
} from './artefact.testing.ts';
import { type Artefact, type ArtefactFormat, manifestKey } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';
import { withdrawArtefacts, writeArtefact } from './writer.ts';

const PART_BYTES = 4;

async function messagesOf(artefact: Artefact): Promise<ArtefactMessage[]> {
  const log = memoryLog();
  await writeArtefact(log, artefact, PART_BYTES);
  return log.messages;
}

describe('reading artefacts', () => {
  let reader: ArtefactReader;
  let warnings: object[];
  let clock: { now: number };

  beforeEach(() => {
    ({ reader, warnings, clock } = readerOf('pinsage', 'latents'));
  });

  const apply = (...messages: readonly ArtefactMessage[]) => {
    for (const message of messages) applyMessage(reader, message);
  };

  it('returns an artefact as it was written, and the same object each time', async () => {
    const artefact = anArtefact({
      bytes: Buffer.from('0123456789'),
      card: '{"a":1}',
      requires: [{ model: null, generation: 'g1' }],
      trainedUpTo: 3,
    });
    apply(...(await messagesOf(artefact)));
    assert.deepEqual(reader.read('pinsage', 'g1'), artefact);
    assert.equal(reader.read('pinsage', 'g1'), reader.read('pinsage', 'g1'));
    assert.equal(reader.read('pinsage', 'g2'), undefined);
    assert.equal(reader.read('latents', 'g1'), undefined);
    assert.deepEqual(warnings, []);
  });

  it('returns an artefact without a byte', async () => {
    apply(...(await messagesOf(anArtefact({ bytes: Buffer.of() }))));
    assert.equal(reader.read('pinsage', 'g1')?.bytes.length, 0);
  });

  it('returns an artefact although a part is written twice, also after the artefact was read', async () => {
    const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
    apply(messages[1]!, ...messages);
    const artefact = reader.read('pinsage', 'g1');
    assert.ok(artefact);
    apply(messages[1]!, messages.at(-1)!);
    assert.equal(reader.read('pinsage', 'g1'), artefact);
  });

  /** Decodes the bytes to a text, and counts. */
  function textFormat(format = 'tributary.test/1') {
    const calls: string[] = [];
    const decode = ({ generation, bytes }: Artefact): { text: string } => {
      calls.push(generation);
      if (bytes.length === 0) throw new RangeError('no bytes');
      return { text: bytes.toString() };
    };
    const own: ArtefactFormat<{ text: string }> = { model: 'pinsage', format, decode };
    return { calls, own };
  }

  it('decodes an artefact once, and then has its bytes no more', async () => {
    const { own, calls } = textFormat();
    assert.equal(reader.decoded(own, 'g1'), undefined);
    const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
    apply(...messages.slice(0, -1));
    assert.equal(reader.decoded(own, 'g1'), undefined, 'not all of it is there');
    apply(messages.at(-1)!);
    const decoded = reader.decoded(own, 'g1');
    assert.deepEqual(decoded, { text: '0123456789' });
    apply(messages[0]!, messages.at(-1)!);
    assert.equal(reader.decoded(own, 'g1'), decoded);
    assert.deepEqual(calls, ['g1']);
    assert.throws(() => reader.read('pinsage', 'g1'), /pinsage\/g1 is held as decoded, not its bytes/);
    assert.throws(
      () => reader.decoded({ ...own }, 'g1'),
      /pinsage\/g1 is decoded by two formats/,
      'another reader would get what the first one made',
    );
  });

  it('keeps the bytes of no artefact that is decoded, also where the manifest had them', async () => {
    const seen: Array<WeakRef<Buffer>> = [];
    const own: ArtefactFormat<boolean> = {
      model: 'pinsage',
      format: 'tributary.test/1',
      decode: ({ bytes }) => seen.push(new WeakRef(bytes)) > 0,
    };
    await putArtefact(reader, anArtefact({ bytes: Buffer.from('in parts') }));
    const putOld = (): void => {
      const { bytes: weights, ...old } = anArtefact({
        generation: 'g2',
        bytes: Buffer.from('in the manifest'),
      });
      const value = { ...old, requires: [], weights, length: 0, checksum: '', parts: [] };
      apply({ topic: 'models', key: 'pinsage/g2', value });
    };
    putOld();
    for (const generation of ['g1', 'g2']) assert.equal(reader.decoded(own, generation), true);
    await nextTurn();
    collectGarbage();
    assert.deepEqual(
      seen.map((bytes) => bytes.deref()),
      [undefined, undefined],
    );
  });

  it('decodes an artefact again that was withdrawn and written again, and none that was withdrawn', async () => {
    const { own, calls } = textFormat();
    const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
    apply(...messages);
    assert.deepEqual(reader.decoded(own, 'g1'), { text: '0123456789' });
    for (const { topic, key } of messages) apply({ topic, key, value: null });
    assert.equal(reader.decoded(own, 'g1'), undefined);
    apply(...messages);
    assert.deepEqual(reader.decoded(own, 'g1'), { text: '0123456789' });
    assert.deepEqual(reader.drain('g1'), [{ model: 'pinsage', generation: 'g1', parts: [0, 1, 2] }]);
    assert.equal(reader.decoded(own, 'g1'), undefined);
    assert.deepEqual(calls, ['g1', 'g1']);
  });

  it('what is decoded is not returned while something that the artefact requires is missing', async () => {
    const { own } = textFormat();
    await putArtefact(reader, anArtefact({ model: 'latents' }));
    await putArtefact(reader, anArtefact({ requires: [{ model: 'latents', generation: 'g1' }] }));
    assert.notEqual(reader.decoded(own, 'g1'), undefined);
    apply({ topic: 'model-parts', key: 'latents/g1/0', value: null });
    assert.equal(reader.decoded(own, 'g1'), undefined);
  });

  it('throws what decode throws, each time, and returns nothing of another format', async () => {
    const { own } = textFormat();
    await putArtefact(reader, anArtefact({ bytes: Buffer.of() }));
    for (let turn = 0; turn < 2; turn++) assert.throws(() => reader.decoded(own, 'g1'), /no bytes/);
    assert.equal(reader.read('pinsage', 'g1')?.bytes.length, 0, 'it was not decoded');
    await putArtefact(reader, anArtefact({ generation: 'g2' }));
    const other = textFormat('tributary.test/2').own;
    for (let turn = 0; turn < 2; turn++) assert.equal(reader.decoded(other, 'g2'), undefined);
    const reason = 'its format is tributary.test/1, not tributary.test/2: the next training writes it anew';
    assert.deepEqual(warnings, [{ artefact: 'pinsage/g2', reason }]);
  });

  it('skips the artefacts of other models', async () => {
    await putArtefact(reader, anArtefact({ model: 'sequence' }));
    assert.equal(reader.read('sequence', 'g1'), undefined);
    assert.deepEqual(reader.drain('g1'), []);
  });

  it('skips keys that no writer produces', () => {
    const bytes = Buffer.from('0');
    for (const key of ['pinsage', 'pinsage/g1', 'pinsage/g1/x', 'pinsage/g1/-1', 'pinsage/a/b/0', '']) {
      apply({ topic: 'model-parts', key, value: { model: 'pinsage', generation: 'g1', part: 0, bytes } });
      apply({ topic: 'model-parts', key, value: null });
    }
    for (const key of ['pinsage', 'pinsage/', 'pinsage/a/b', ''])
      apply({ topic: 'models', key, value: null });
    assert.deepEqual(reader.drain('g1'), []);
  });

  it('logs once which part of an artefact is missing, ten seconds after the first request', async () => {
    const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
    apply(...messages.filter(({ key }) => key !== 'pinsage/g1/1'));
    clock.now = 1_000_000;
    for (const later of [0, 9_999]) {
      clock.now = 1_000_000 + later;
      assert.equal(reader.read('pinsage', 'g1'), undefined);
      assert.deepEqual(warnings, []);
    }
    clock.now += 1;
    for (let turn = 0; turn < 3; turn++) assert.equal(reader.read('pinsage', 'g1'), undefined);
    assert.deepEqual(warnings, [{ artefact: 'pinsage/g1', reason: 'part 1 of 3 is missing' }]);
    apply(messages[1]!);
    assert.notEqual(reader.read('pinsage', 'g1'), undefined, 'the part came after all');
  });

  it('logs once which part does not have its checksum, and reads the artefact when the part is corrected', async () => {
    const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
    const part = { model: 'pinsage', generation: 'g1', part: 2, bytes: Buffer.from('xx') };
    apply(...messages, { topic: 'model-parts', key: 'pinsage/g1/2', value: part });
    for (let turn = 0; turn < 3; turn++) assert.equal(reader.read('pinsage', 'g1'), undefined);
    assert.deepEqual(warnings, [
      { artefact: 'pinsage/g1', reason: 'part 2 of 3 does not have its checksum' },
    ]);
    apply(messages[2]!);
    assert.equal(reader.read('pinsage', 'g1')?.bytes.toString(), '0123456789');
  });

  for (const [what, change, reason] of [
    ['length', { length: 2 ** 50 }, `the parts hold 10 bytes, not ${2 ** 50}`],
    ['checksum', { checksum: 'abc' }, 'the parts together do not have their checksum'],
  ] as const) {
    it(`does not return an artefact whose ${what} differs from that of its parts`, async () => {
      const messages = await messagesOf(anArtefact({ bytes: Buffer.from('0123456789') }));
      const manifest = messages.pop()!;
      assert.ok(manifest.topic === 'models' && manifest.value !== null);
      apply(...messages, { ...manifest, value: { ...manifest.value, ...change } });
      assert.equal(reader.read('pinsage', 'g1'), undefined);
      assert.deepEqual(warnings, [{ artefact: 'pinsage/g1', reason }]);
    });
  }

  it('does not return an artefact before the artefacts that it requires are there', async () => {
    const requires = [
      { model: 'pinsage', generation: 'g1' },
      { model: 'a model that this reader does not keep', generation: 'g1' },
    ];
    await putArtefact(reader, anArtefact({ model: 'latents', requires }));
    assert.equal(reader.read('latents', 'g1'), undefined);
    clock.now = 10_000;
    assert.equal(reader.read('latents', 'g1'), undefined);
    assert.deepEqual(warnings, [
      { artefact: 'latents/g1', reason: 'pinsage/g1, which it requires, is missing' },
    ]);
    await putArtefact(reader, anArtefact());
    assert.notEqual(reader.read('latents', 'g1'), undefined);
    applyMessage(reader, { topic: 'models', key: 'pinsage/g1', value: null });
    assert.equal(reader.read('latents', 'g1'), undefined, 'it was withdrawn');
  });

  it('drains a generation once, with its parts that have no manifest', async () => {
    const [first, second] = await messagesOf(anArtefact({ bytes: Buffer.alloc(12) }));
    apply(second!, first!);
    await putArtefact(reader, anArtefact({ generation: 'g2' }));
    assert.deepEqual(reader.drain('g1'), [{ model: 'pinsage', generation: 'g1', parts: [0, 1] }]);
    assert.deepEqual(reader.drain('g1'), []);
    assert.equal(reader.read('pinsage', 'g1'), undefined);
    assert.notEqual(reader.read('pinsage', 'g2'), undefined);
  });

  it('drains an artefact before the artefacts that it requires, in whatever order they were written', async () => {
    const chain = ['a', 'b', 'c'].map((model, place, models) =>
      anArtefact({
        model,
        requires: models.slice(0, place).map((required) => ({ model: required, generation: 'g1' })),
      }),
    );
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const { reader: other } = readerOf('a', 'b', 'c');
      for (const place of order) await putArtefact(other, chain[place]!);
      assert.deepEqual(
        other.drain('g1').map(({ model }) => model),
        ['c', 'b', 'a'],
      );
    }
    const { reader: circular } = readerOf('a', 'b');
    await putArtefact(circular, anArtefact({ model: 'a', requires: [{ model: 'b', generation: 'g1' }] }));
    await putArtefact(circular, anArtefact({ model: 'b', requires: [{ model: 'a', generation: 'g1' }] }));
    assert.equal(circular.drain('g1').length, 2);
  });
});

/** A log of artefacts that were written and withdrawn, each perhaps only in part since the process was killed. */
const anyLog = fc
  .array(
    fc.record({
      bytes: fc.uint8Array({ maxLength: 14 }).map((bytes) => Buffer.from(bytes)),
      /** Messages of the write, and of the withdrawal, that came through before the process was killed. */
      written: fc.nat(6),
      withdrawn: fc.nat(6),
      isRequiring: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((plans) =>
    plans.map(({ bytes, isRequiring, ...killedAfter }, number) => {
      const requires = isRequiring && number > 0 ? [{ model: 'pinsage', generation: `g${number - 1}` }] : [];
      return { artefact: anArtefact({ generation: `g${number}`, bytes, requires }), ...killedAfter };
    }),
  );

/** Decodes to the artefact itself. */
const COPY: ArtefactFormat<Artefact> = {
  model: 'pinsage',
  format: 'tributary.test/1',
  decode: (artefact) => artefact,
};

describe('a reader of any part of the log', () => {
  it('returns an artefact whole or not at all, and only while its manifest stands', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLog,
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(fc.boolean()),
        async (plans, takesManifest, isCompacted) => {
          const messages = (await Promise.all(plans.map(messagesOfPlan))).flat();
          const kept = messages.filter((_, place) => !isSuperseded(messages, place) || !next(isCompacted));
          const { reader } = readerOf('pinsage');
          const { reader: decoding } = readerOf('pinsage');
          const standing = new Set<string>();
          for (const message of inAnyOrderOfTopics(kept, takesManifest)) {
            applyMessage(reader, message);
            applyMessage(decoding, message);
            if (message.topic === 'models') standing[message.value === null ? 'delete' : 'add'](message.key);
            for (const { artefact } of plans) {
              const read = reader.read(artefact.model, artefact.generation);
              assert.deepEqual(decoding.decoded(COPY, artefact.generation), read);
              if (read === undefined) continue;
              assert.deepEqual(read, artefact);
              assert.ok(standing.has(manifestKey(artefact)), 'its manifest stands');
              for (const { model, generation } of artefact.requires)
                assert.ok(
                  standing.has(`${model}/${generation}`),
                  'so does the manifest of the required artefact',
                );
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('returns in the end every artefact that was written whole and not withdrawn, in whatever order it reads the topics', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.infiniteStream(fc.boolean()), async (plans, takesManifest) => {
        const messages = (await Promise.all(plans.map(messagesOfPlan))).flat();
        const { reader } = readerOf('pinsage');
        for (const message of inAnyOrderOfTopics(messages, takesManifest)) applyMessage(reader, message);
        const standing = new Set<string>();
        for (const { topic, key, value } of messages)
          if (topic === 'models') standing[value === null ? 'delete' : 'add'](key);
        for (const { artefact } of plans) {
          const isUsable =
            standing.has(manifestKey(artefact)) &&
            artefact.requires.every(({ model, generation }) => standing.has(`${model}/${generation}`));
          assert.equal(reader.read(artefact.model, artefact.generation) !== undefined, isUsable);
        }
      }),
    );
  });
});

async function messagesOfPlan(plan: {
  artefact: Artefact;
  written: number;
  withdrawn: number;
}): Promise<ArtefactMessage[]> {
  const writing = await messagesOf(plan.artefact);
  const written = writing.slice(0, plan.written);
  const withdrawing = memoryLog();
  const parts = written.flatMap(({ topic }, part) => (topic === 'model-parts' ? [part] : []));
  await withdrawArtefacts(withdrawing, [{ ...plan.artefact, parts }]);
  return [...written, ...withdrawing.messages.slice(0, plan.withdrawn)];
}

/** Each topic in its order, but the two of them interleaved by chance. */
function* inAnyOrderOfTopics(
  messages: readonly ArtefactMessage[],
  takesManifest: fc.Stream<boolean>,
): Iterable<ArtefactMessage> {
  const manifests = messages.filter(({ topic }) => topic === 'models');
  const parts = messages.filter(({ topic }) => topic === 'model-parts');
  while (manifests.length + parts.length > 0) {
    const from = (next(takesManifest) && manifests.length > 0) || parts.length === 0 ? manifests : parts;
    yield from.shift()!;
  }
}

/** Whether a later message has the same key, so that compaction may drop it. */
function isSuperseded(messages: readonly ArtefactMessage[], place: number): boolean {
  const { topic, key } = messages[place]!;
  return messages.slice(place + 1).some((later) => later.topic === topic && later.key === key);
}

function next(stream: fc.Stream<boolean>): boolean {
  return stream.next().value as boolean;
}
