import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import { type Artefact, manifestKey } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';

/** How the artefacts of one model are decoded. */
export interface ArtefactFormat<T> {
  readonly model: string;
  readonly format: string;
  /** Throws where the bytes or the card are malformed. */
  readonly decode: (artefact: Artefact) => T;
}

/** The decoded artefacts of one model, each decoded once, at its first use. */
export class DecodedArtefacts<T> {
  readonly #reader: Pick<ArtefactReader, 'read'>;
  readonly #format: ArtefactFormat<T>;
  readonly #log: Pick<Logger, 'warn'>;
  /** Undefined for one that cannot be decoded. An entry goes with its artefact. */
  readonly #decoded = new WeakMap<Artefact, { readonly value: T | undefined }>();

  constructor(reader: Pick<ArtefactReader, 'read'>, format: ArtefactFormat<T>, log: Pick<Logger, 'warn'>) {
    this.#reader = reader;
    this.#format = format;
    this.#log = log;
  }

  /** Undefined where the artefact is not there, has another format, or cannot be decoded, which is logged once. */
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
