import type { ModelWeights } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';
import {
  type Artefact,
  type ArtefactName,
  checksumOf,
  cutIntoParts,
  MAX_ARTEFACT_BYTES,
  MAX_CARD_BYTES,
  manifestKey,
  PART_BYTES,
  parseManifestKey,
  partKey,
} from './artefact.ts';

/** Parts that wait for the brokers at once: 4 MiB. */
const PARTS_AT_A_TIME = 8;

/** The part of a stage that writes to the log. */
export type ArtefactLog = Pick<StagePorts, 'produce'>;

/** The parts of an artefact in the log, be it whole or not. */
export interface StoredArtefact extends ArtefactName {
  /** Numbers of the parts that the log holds. */
  readonly parts: readonly number[];
}

/**
 * Writes an artefact: first its parts, then its manifest, so that no reader ever sees a half-written one.
 * @param partBytes longest part; a test makes it small
 * @throws RangeError, before anything is written, if the name contains a slash, or card or bytes are too long;
 *   TributaryError `kafka.unacknowledged`, which may leave parts without a manifest in the log
 */
export async function writeArtefact(
  { produce }: ArtefactLog,
  artefact: Artefact,
  partBytes = PART_BYTES,
): Promise<void> {
  checkBounds(artefact);
  const { model, generation, bytes } = artefact;
  const parts = cutIntoParts(bytes, partBytes);
  for (let start = 0; start < parts.length; start += PARTS_AT_A_TIME) {
    const some = parts.slice(start, start + PARTS_AT_A_TIME).map((part, place) => {
      const number = start + place;
      const value = { model, generation, part: number, bytes: part };
      return produce('model-parts', partKey(artefact, number), value);
    });
    await Promise.all(some);
  }
  await produce('models', manifestKey(artefact), manifestOf(artefact, parts));
}

/**
 * Withdraws artefacts: first all manifests, one after the other, then the parts, so that no reader ever sees a
 * half-withdrawn one. An artefact that others require must come after them. The manifest is withdrawn even if
 * the reader that drained the artefact has not read it: it may stand in the log.
 */
export async function withdrawArtefacts(
  { produce }: ArtefactLog,
  artefacts: readonly StoredArtefact[],
): Promise<void> {
  for (const artefact of artefacts) await produce('models', manifestKey(artefact), null);
  const parts = artefacts.flatMap((artefact) =>
    artefact.parts.map((part) => produce('model-parts', partKey(artefact, part), null)),
  );
  await Promise.all(parts);
}

function checkBounds(artefact: Artefact): void {
  const key = manifestKey(artefact);
  if (parseManifestKey(key) === undefined)
    throw new RangeError(`${key} is no name of an artefact: model and generation hold no slash.`);
  const cardBytes = Buffer.byteLength(artefact.card);
  if (cardBytes > MAX_CARD_BYTES)
    throw new RangeError(`The card of ${key} has ${cardBytes} bytes; at most ${MAX_CARD_BYTES} fit.`);
  if (artefact.bytes.length > MAX_ARTEFACT_BYTES)
    throw new RangeError(`${key} has ${artefact.bytes.length} bytes; at most ${MAX_ARTEFACT_BYTES} fit.`);
}

function manifestOf(
  { model, generation, format, bytes, card, requires, trainedUpTo }: Artefact,
  parts: readonly Buffer[],
): ModelWeights {
  return {
    model,
    generation,
    format,
    weights: Buffer.alloc(0),
    card,
    length: bytes.length,
    checksum: checksumOf(bytes),
    parts: parts.map(checksumOf),
    requires,
    trainedUpTo,
  };
}
