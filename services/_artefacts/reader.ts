import type { Logger } from 'pino';
import type { ArtefactRequirement, ModelPart, ModelWeights } from '#contracts/generated/records.ts';
import type { FollowHandlers } from '#platform/stage.ts';
import {
  type Artefact,
  type ArtefactFormat,
  type ArtefactName,
  checksumOf,
  manifestKey,
  parseManifestKey,
  parsePartKey,
} from './artefact.ts';
import type { StoredArtefact } from './writer.ts';

/** Time after the first request in which a part may still arrive before it counts as missing: the two topics are read independently. */
const MISSING_AFTER_MS = 10_000;

/** The state of one artefact. */
interface Entry extends ArtefactName {
  manifest: ModelWeights | undefined;
  /** Numbers of the parts that the log holds. */
  readonly stored: Set<number>;
  /** Bytes of these parts, until they are put together. */
  readonly parts: Map<number, Buffer>;
  artefact: Artefact | undefined;
  /** What was made of it, after which its bytes are not held. */
  decoded: { readonly format: ArtefactFormat<unknown>; readonly value: unknown } | undefined;
  /** Whether parts and manifest contradict each other. */
  isBroken: boolean;
  /** Time of the first request that found a part or a requirement missing, by the reader's clock. */
  askedAt: number | undefined;
  isReported: boolean;
}

/**
 * The artefacts of some models, from the topics `models` and `model-parts` in any order of the two. An artefact is
 * returned only when its manifest, every part with its checksum, and the artefacts that it requires are there, so that
 * none is ever seen half written or half withdrawn. An artefact that stays incomplete, or contradicts its checksums, is
 * logged once.
 */
export class ArtefactReader {
  readonly #models: ReadonlySet<string>;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  /** By key of the manifest. */
  readonly #entries = new Map<string, Entry>();

  /**
   * @param models names of the artefacts that are kept; all others are skipped
   * @param now a clock in milliseconds; only the logging of a missing part depends on it
   */
  constructor(options: { models: readonly string[]; log: Pick<Logger, 'warn'>; now: () => number }) {
    this.#models = new Set(options.models);
    this.#log = options.log;
    this.#now = options.now;
  }

  /** How the two topics enter the reader. */
  get handlers(): Required<Pick<FollowHandlers, 'models' | 'model-parts'>> {
    return {
      models: ({ key, value }) => this.#applyManifest(key, value),
      'model-parts': ({ key, value }) => this.#applyPart(key, value),
    };
  }

  /**
   * The artefact with its bytes, the same object each time; undefined if it is not there as a whole.
   * @throws Error for an artefact of which `decoded` has been returned
   */
  read(model: string, generation: string): Artefact | undefined {
    const entry = this.#entries.get(manifestKey({ model, generation }));
    if (entry?.decoded !== undefined)
      throw new Error(`${manifestKey(entry)} is held as decoded, not its bytes`);
    return entry && this.#readEntry(entry);
  }

  /**
   * What an artefact is decoded to, the same each time; undefined where `read` returns undefined, and for an artefact of another format,
   * which is logged once. It is decoded at the first call, after which its bytes, which may be as many as those of what they became, are not
   * held any more.
   * @param format the same object at each call
   * @throws what `format.decode` throws, at each call; Error for an artefact that was decoded by another format
   */
  decoded<T>(format: ArtefactFormat<T>, generation: string): T | undefined {
    const entry = this.#entries.get(manifestKey({ model: format.model, generation }));
    if (entry === undefined) return undefined;
    if (entry.decoded === undefined) {
      const artefact = this.#readEntry(entry, format.format);
      if (artefact === undefined) return undefined;
      entry.decoded = { format, value: format.decode(artefact) };
      entry.artefact = { ...artefact, bytes: NO_BYTES };
      // The manifest of an artefact that was written before there were parts has its bytes.
      entry.manifest &&= { ...entry.manifest, weights: NO_BYTES };
    }
    if (entry.decoded.format !== format) throw new Error(`${manifestKey(entry)} is decoded by two formats`);
    // What it requires may have been withdrawn.
    return this.#readEntry(entry, format.format) && (entry.decoded.value as T);
  }

  #readEntry(entry: Entry, format?: string): Artefact | undefined {
    if (entry.manifest === undefined || entry.isBroken) return undefined;
    const missing = this.#missingOf(entry, entry.manifest);
    if (missing !== undefined) {
      this.#noteMissing(entry, missing);
      return undefined;
    }
    entry.artefact ??= this.#putTogether(entry, entry.manifest);
    const { artefact } = entry;
    if (artefact === undefined || format === undefined || artefact.format === format) return artefact;
    this.#warn(entry, `its format is ${artefact.format}, not ${format}: the next training writes it anew`);
    return undefined;
  }

  /**
   * Forgets all artefacts of a generation, whole or not, and returns them in the order in which they may be withdrawn:
   * an artefact that requires others comes before them.
   */
  drain(generation: string): StoredArtefact[] {
    const entries = [...this.#entries.values()].filter((entry) => entry.generation === generation);
    for (const entry of entries) this.#entries.delete(manifestKey(entry));
    return dependentsFirst(entries).map(({ model, stored }) => ({
      model,
      generation,
      parts: [...stored].sort((a, b) => a - b),
    }));
  }

  #applyManifest(key: string, manifest: ModelWeights | null): void {
    const name = parseManifestKey(key);
    if (name === undefined || !this.#models.has(name.model)) return;
    const entry = this.#entries.get(key) ?? createEntry(name);
    if (manifest !== null && entry.manifest?.checksum === manifest.checksum && manifest.checksum !== '')
      return;
    if (manifest === null && entry.stored.size === 0) {
      this.#entries.delete(key);
      return;
    }
    this.#entries.set(key, entry);
    Object.assign(entry, { ...UNJUDGED, manifest: manifest ?? undefined });
  }

  #applyPart(key: string, part: ModelPart | null): void {
    const name = parsePartKey(key);
    if (name === undefined || !this.#models.has(name.model)) return;
    const entry = this.#entries.get(manifestKey(name));
    if (part !== null) this.#addPart(entry ?? this.#enter(name), name.part, part);
    else if (entry !== undefined) this.#removePart(entry, name.part);
  }

  #enter(name: ArtefactName): Entry {
    const entry = createEntry(name);
    this.#entries.set(manifestKey(name), entry);
    return entry;
  }

  #addPart(entry: Entry, number: number, { bytes }: ModelPart): void {
    entry.stored.add(number);
    // The artefact is there already, and a part that is written again has the same bytes.
    if (entry.artefact !== undefined) return;
    entry.isBroken = false;
    // A copy, which does not keep the whole answer of the broker alive.
    entry.parts.set(number, Buffer.from(bytes));
  }

  #removePart(entry: Entry, number: number): void {
    entry.stored.delete(number);
    entry.parts.delete(number);
    entry.artefact = undefined;
    entry.decoded = undefined;
    if (entry.stored.size === 0 && entry.manifest === undefined) this.#entries.delete(manifestKey(entry));
  }

  /** Names the missing part or requirement of an artefact; undefined if nothing is missing. */
  #missingOf({ artefact, parts }: Entry, manifest: ModelWeights): string | undefined {
    if (artefact === undefined) {
      const part = manifest.parts.findIndex((_, number) => !parts.has(number));
      if (part >= 0) return `part ${part} of ${manifest.parts.length}`;
    }
    const required = manifest.requires.find((requirement) => !this.#isThere(requirement));
    return required && `${required.model}/${required.generation}, which it requires,`;
  }

  /** Embeddings, and artefacts of models that are not kept, are not in this reader: their users check for them. */
  #isThere({ model, generation }: ArtefactRequirement): boolean {
    if (model === null || !this.#models.has(model)) return true;
    const entry = this.#entries.get(manifestKey({ model, generation }));
    if (entry?.manifest === undefined || entry.isBroken) return false;
    return entry.artefact !== undefined || entry.manifest.parts.every((_, part) => entry.parts.has(part));
  }

  #noteMissing(entry: Entry, missing: string): void {
    const now = this.#now();
    entry.askedAt ??= now;
    if (now - entry.askedAt < MISSING_AFTER_MS) return;
    this.#warn(entry, `${missing} is missing`);
  }

  #putTogether(entry: Entry, manifest: ModelWeights): Artefact | undefined {
    const { model, generation, format, card, requires, trainedUpTo } = manifest;
    const bytes = bytesOf(manifest, entry.parts);
    if (typeof bytes === 'string') {
      entry.isBroken = true;
      this.#warn(entry, bytes);
      return undefined;
    }
    entry.parts.clear();
    return { model, generation, format, bytes, card, requires, trainedUpTo };
  }

  #warn(entry: Entry, reason: string): void {
    if (entry.isReported) return;
    entry.isReported = true;
    this.#log.warn({ artefact: manifestKey(entry), reason }, 'artefact cannot be read');
  }
}

const NO_BYTES = Buffer.alloc(0);

/** Of an entry whose manifest was not looked at yet. */
const UNJUDGED = {
  artefact: undefined,
  decoded: undefined,
  isBroken: false,
  askedAt: undefined,
  isReported: false,
};

function createEntry({ model, generation }: ArtefactName): Entry {
  return { model, generation, manifest: undefined, stored: new Set(), parts: new Map(), ...UNJUDGED };
}

/** Artefacts that require each other keep their order. */
function dependentsFirst(entries: readonly Entry[]): Entry[] {
  const waiting = [...entries];
  const ordered: Entry[] = [];
  while (waiting.length > 0) {
    const free = waiting.findIndex(
      (entry) => !waiting.some((other) => other !== entry && requires(other, entry)),
    );
    ordered.push(...waiting.splice(Math.max(0, free), 1));
  }
  return ordered;
}

function requires({ manifest }: Entry, name: ArtefactName): boolean {
  const requirements = manifest?.requires ?? [];
  return requirements.some(({ model, generation }) => model === name.model && generation === name.generation);
}

/** The bytes of an artefact all of whose parts are there, or why they cannot be read. */
function bytesOf(
  { checksum, length, parts: checksums, weights }: ModelWeights,
  parts: ReadonlyMap<number, Buffer>,
): Buffer | string {
  // An artefact that was written before there were parts has its bytes in the manifest.
  if (checksum === '') return weights;
  const inOrder = checksums.map((_, number) => parts.get(number)!);
  const wrong = inOrder.findIndex((part, number) => checksumOf(part) !== checksums[number]);
  if (wrong >= 0) return `part ${wrong} of ${checksums.length} does not have its checksum`;
  const held = inOrder.reduce((sum, part) => sum + part.length, 0);
  if (held !== length) return `the parts hold ${held} bytes, not ${length}`;
  const whole = Buffer.concat(inOrder);
  return checksumOf(whole) === checksum ? whole : 'the parts together do not have their checksum';
}
