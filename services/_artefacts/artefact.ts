import { createHash } from 'node:crypto';
import type { ArtefactRequirement } from '#contracts/generated/records.ts';

/** Longest part, in bytes: with its key and the fields around it, it stays far below the brokers' limit of 1 MiB. */
export const PART_BYTES = 512 * 1_024;

/** Longest card, in bytes of UTF-8, since the manifest that holds it is one message. */
export const MAX_CARD_BYTES = 512 * 1_024;

/** Longest artefact, in bytes, so that the checksums of all parts fit into one manifest. */
export const MAX_ARTEFACT_BYTES = 2 * 1_024 ** 3;

/** The name of an artefact. An artefact is written once: a name is never used again. */
export interface ArtefactName {
  /** Which artefact, such as `pinsage`; without a slash. */
  readonly model: string;
  /** The generation that it belongs to; without a slash. */
  readonly generation: string;
}

/** Bytes that a training made, such as the weights of a model. */
export interface Artefact extends ArtefactName {
  /** How the bytes are to be read, such as `tributary.pinsage/1`. */
  readonly format: string;
  readonly bytes: Buffer;
  /** JSON that a reader of the bytes needs beside them; the empty text if there is none. */
  readonly card: string;
  /** Artefacts, and generations of embeddings, without which this artefact is of no use. */
  readonly requires: readonly ArtefactRequirement[];
  /** Event time of the newest action of its training, ms; null if it is not known. */
  readonly trainedUpTo: number | null;
}

/** The format of the artefacts of one model. */
export interface ArtefactFormat<T> {
  readonly model: string;
  readonly format: string;
  /** Throws if the bytes or the card are malformed. */
  readonly decode: (artefact: Artefact) => T;
}

/** Key of a manifest in the topic `models`. */
export function manifestKey({ model, generation }: ArtefactName): string {
  return `${model}/${generation}`;
}

/** Key of a part in the topic `model-parts`. */
export function partKey(name: ArtefactName, part: number): string {
  return `${manifestKey(name)}/${part}`;
}

/** Inverse of `manifestKey`; undefined for any other key. */
export function parseManifestKey(key: string): ArtefactName | undefined {
  const [model, generation, ...rest] = key.split('/');
  return model && generation && rest.length === 0 ? { model, generation } : undefined;
}

/** Inverse of `partKey`; undefined for any other key. */
export function parsePartKey(key: string): (ArtefactName & { readonly part: number }) | undefined {
  const slash = key.lastIndexOf('/');
  const name = slash < 0 ? undefined : parseManifestKey(key.slice(0, slash));
  const digits = key.slice(slash + 1);
  return name !== undefined && /^\d{1,9}$/.test(digits) ? { ...name, part: Number(digits) } : undefined;
}

/** The bytes in order, in parts of `partBytes`, of which the last one may be shorter; none for no bytes. */
export function cutIntoParts(bytes: Buffer, partBytes = PART_BYTES): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, part) =>
    bytes.subarray(part * partBytes, (part + 1) * partBytes),
  );
}

/** SHA-256 in hexadecimal digits. */
export function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
