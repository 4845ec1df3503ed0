import type { ModelPart, ModelWeights } from '#contracts/generated/records.ts';
import type { Artefact } from './artefact.ts';
import { ArtefactReader } from './reader.ts';
import { type ArtefactLog, writeArtefact } from './writer.ts';

/** A message of the topics of artefacts; a tombstone where the value is null. */
export type ArtefactMessage =
  | { readonly topic: 'models'; readonly key: string; readonly value: ModelWeights | null }
  | { readonly topic: 'model-parts'; readonly key: string; readonly value: ModelPart | null };

/** An artefact; the builder fills in the fields that the test does not name. */
export function anArtefact(change: Partial<Artefact> = {}): Artefact {
  return {
    model: 'pinsage',
    generation: 'g1',
    format: 'tributary.test/1',
    bytes: Buffer.from('some weights'),
    card: '',
    requires: [],
    trainedUpTo: null,
    ...change,
  };
}

/** A log in memory, with the messages in the order in which they were acknowledged. */
export function memoryLog(): ArtefactLog & { readonly messages: ArtefactMessage[] } {
  const messages: ArtefactMessage[] = [];
  return {
    messages,
    async produce(topic, key, value) {
      messages.push({ topic, key, value } as ArtefactMessage);
      return { partition: 0, offset: messages.length - 1 };
    },
  };
}

export function applyMessage(reader: ArtefactReader, { topic, key, value }: ArtefactMessage): void {
  const message = { partition: 0, offset: 0, key, timestamp: 0, trace: undefined };
  if (topic === 'models') reader.handlers.models({ ...message, value });
  else reader.handlers['model-parts']({ ...message, value });
}

/** Writes an artefact and reads it into the reader. */
export async function putArtefact(reader: ArtefactReader, artefact: Artefact): Promise<void> {
  const log = memoryLog();
  await writeArtefact(log, artefact);
  for (const message of log.messages) applyMessage(reader, message);
}

/** A reader of the artefacts of these models whose warnings are gathered; its clock stands still until it is moved. */
export function readerOf(...models: string[]) {
  const warnings: object[] = [];
  const clock = { now: 0 };
  const log = { warn: (fields: object) => void warnings.push(fields) };
  const reader = new ArtefactReader({ models, log, now: () => clock.now });
  return { reader, warnings, clock, log };
}
