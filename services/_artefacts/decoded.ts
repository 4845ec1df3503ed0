import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import { type ArtefactFormat, manifestKey } from './artefact.ts';
import type { ArtefactReader } from './reader.ts';

/** The decoded artefacts of one model, for a stage that goes on without one that is malformed. */
export class DecodedArtefacts<T> {
  readonly #reader: Pick<ArtefactReader, 'decoded'>;
  readonly #format: ArtefactFormat<T>;
  readonly #log: Pick<Logger, 'warn'>;
  /** Generations whose artefact cannot be decoded. A name is never used again. */
  readonly #malformed = new Set<string>();

  constructor(reader: Pick<ArtefactReader, 'decoded'>, format: ArtefactFormat<T>, log: Pick<Logger, 'warn'>) {
    this.#reader = reader;
    this.#format = format;
    this.#log = log;
  }

  /** Undefined if the artefact is not there or has another format, or if it cannot be decoded; the last two are logged once. */
  get(generation: string): T | undefined {
    if (this.#malformed.has(generation)) return undefined;
    try {
      return this.#reader.decoded(this.#format, generation);
    } catch (error) {
      this.#malformed.add(generation);
      const artefact = manifestKey({ model: this.#format.model, generation });
      this.#log.warn({ artefact, reason: reasonOf(error) }, 'artefact cannot be read');
      return undefined;
    }
  }
}
