import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import { type Artefact, type ArtefactFormat, manifestKey } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';

/** The decoded artefacts of one model. Each is decoded once, at its first request. */
export class DecodedArtefacts<T> {
  readonly #reader: Pick<ArtefactReader, 'read'>;
  readonly #format: ArtefactFormat<T>;
  readonly #log: Pick<Logger, 'warn'>;
  /** The value is undefined if the artefact cannot be decoded. An entry lives as long as its artefact. */
  readonly #decoded = new WeakMap<Artefact, { readonly value: T | undefined }>();

  constructor(reader: Pick<ArtefactReader, 'read'>, format: ArtefactFormat<T>, log: Pick<Logger, 'warn'>) {
    this.#reader = reader;
    this.#format = format;
    this.#log = log;
  }

  /** Undefined if the artefact is not there or has another format, or if it cannot be decoded, which is logged once. */
  get(generation: string): T | undefined {
    const artefact = this.#reader.read(this.#format.model, generation);
    if (artefact === undefined || artefact.format !== this.#format.format) return undefined;
    let decoded = this.#decoded.get(artefact);
    if (decoded === undefined) {
      decoded = { value: this.#decode(artefact) };
      this.#decoded.set(artefact, decoded);
    }
    return decoded.value;
  }

  #decode(artefact: Artefact): T | undefined {
    try {
      return this.#format.decode(artefact);
    } catch (error) {
      this.#log.warn({ artefact: manifestKey(artefact), reason: reasonOf(error) }, 'artefact cannot be read');
      return undefined;
    }
  }
}
