/**
 * Formats each record as one readable line, with the facts for people first. Ids and texts come from outside, so
 * control characters are escaped before they reach the terminal.
 */
import { isEveryone } from '#contracts/domain/ids.ts';
import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { RecordName, RecordTypes } from '#contracts/generated/records.ts';

export interface FormatOptions {
  /** Shows whole vectors, lists, ids and bytes instead of their beginnings. */
  readonly full: boolean;
}

type Renderers = {
  readonly [R in RecordName]: (record: RecordTypes[R], options: FormatOptions) => string;
};

/** Longest identifier that is shown whole; longer ones, such as UUIDs, are cut. */
const ID_LENGTH = 16;
const LIST_LENGTH = 5;
const VECTOR_LENGTH = 3;

const RENDERERS: Renderers = {
  UserAction: (action, options) => {
    const context = action.contextId === null ? '' : ` in ${id(action.contextId, options)}`;
    const value = action.value === null ? '' : ` ×${number(action.value)}`;
    const place = action.slot === null ? '' : `${action.slot + 1}. of `;
    const slate = action.slateId === null ? '' : ` on ${place}slate ${id(action.slateId, options)}`;
    return (
      `${action.type} ${id(action.itemId, options)}${value}${context}${slate} by ${id(action.userId, options)}` +
      ` at ${formatTime(action.occurredAt)} event ${id(action.eventId, options)}`
    );
  },

  Item: (item, options) => {
    const categories =
      item.categories.length === 0 ? '' : ` in ${item.categories.map(printable).join(' > ')}`;
    const vector = item.vector === null ? '' : ` ${formatVector(item.vector, options)}`;
    return `${id(item.itemId, options)} “${printable(item.title)}”${categories}, ${item.availability}${vector}`;
  },

  UserInterests: (interests, options) => {
    const medoids = list(
      interests.medoids,
      (medoid) =>
        `${printable(medoid.type)} ${id(medoid.itemId, options)} (${number(medoid.importance)}, ${count(medoid.size, 'action')})`,
      options,
    );
    const unknown = interests.unknownItems === 0 ? '' : `, ${interests.unknownItems} items without a vector`;
    return (
      `${id(interests.userId, options)} v${interests.version}${inGeneration(interests.generation, options)}: ` +
      `${count(interests.medoids.length, 'interest')}: ${medoids}; window of ${interests.windowSize}${unknown}`
    );
  },

  Proposal: (proposal, options) => {
    const reader = isEveryone(proposal.userId)
      ? 'everybody'
      : `${id(proposal.userId, options)} v${proposal.version}`;
    const lists = modelProposalsOf(proposal).map(({ model, generation, items }) => {
      const entries = list(
        items,
        (item) => `${id(item.itemId, options)} ${number(item.score)}${formatCause(item.because, options)}`,
        options,
      );
      const searched = inGeneration(generation, options);
      return { model: printable(model), rest: `${searched}: ${count(items.length, 'item')}: ${entries}` };
    });
    if (proposal.lists.length === 0) return `${lists[0]!.model} for ${reader}${lists[0]!.rest}`;
    return `for ${reader}: ${lists.map(({ model, rest }) => `${model}${rest}`).join('; ')}`;
  },

  Slate: (slate, options) => {
    const slots = list(
      slate.slots,
      (slot, place) =>
        `${place + 1}. ${id(slot.itemId, options)} p=${number(slot.propensity)}` +
        ` from ${slot.models.map(printable).join('+')}${formatCause(slot.because, options)}`,
      options,
    );
    const experiment = slate.experiment === null ? '' : `, arm ${printable(slate.experiment)}`;
    // Whole, because commands such as `slates show` and `slates replay` take it.
    return (
      `${printable(slate.slateId)} to ${id(slate.userId, options)} by ${printable(slate.policy)}` +
      ` after ${count(slate.observations, 'reward')}${inGeneration(slate.generation, options)}${experiment}: ${slots}`
    );
  },

  Reward: (reward, options) => {
    const earned = reward.actionType === null ? 'nothing' : printable(reward.actionType);
    const delay = reward.delay === null ? '' : ` after ${number(reward.delay / 1_000)} s`;
    return (
      `${number(reward.reward)} (${earned}${delay}) for ${id(reward.itemId, options)} in slot ${reward.slot}` +
      ` of ${id(reward.slateId, options)} from ${id(reward.userId, options)}, p=${number(reward.propensity)}, ${reward.exposure}`
    );
  },

  ItemEmbedding: (embedding, options) =>
    `${id(embedding.itemId, options)} in ${id(embedding.generation, options)}, ${embedding.origin} ` +
    formatVector(floats(embedding.vector), options),

  Release: (release, options) => {
    const metrics = Object.entries(release.metrics).map(
      ([name, value]) => `${printable(name)} ${number(value)}`,
    );
    const measured = metrics.length === 0 ? '' : `; ${list(metrics, (metric) => metric, options)}`;
    const reason = release.reason === null ? '' : `; because ${printable(release.reason)}`;
    return (
      `${printable(release.generation)} is ${release.state}: ${release.dimension} dimensions, α ${number(release.alpha)}, ` +
      `${count(release.itemCount, 'item')}, ${count(release.actionCount, 'action')}${measured}${reason}`
    );
  },

  ModelWeights: ({ model, generation, format, weights, checksum, length, parts }, options) =>
    `${printable(model)} of ${id(generation, options)} as ${printable(format)}, ` +
    (checksum === ''
      ? formatBytes(weights, options)
      : `${length} bytes in ${count(parts.length, 'part')}, SHA-256 ${id(checksum, options)}`),

  ModelPart: ({ model, generation, part, bytes }, options) =>
    `part ${part} of ${printable(model)} of ${id(generation, options)}, ${formatBytes(bytes, options)}`,

  CandidateSet: ({ slateId, userId, itemIds, featureNames }, options) =>
    `${count(itemIds.length, 'candidate')} of slate ${printable(slateId)} of ${id(userId, options)} with ${count(featureNames.length, 'feature')}: ${list(itemIds, (itemId) => id(itemId, options), options)}`,

  Experiment: ({ name, state, arms, promoted }) => {
    const listed = arms.map(
      (arm) => `${printable(arm.name)} ${number(arm.share)} by ${printable(arm.policy || 'the set policy')}`,
    );
    return `${printable(name)} is ${state}${promoted === null ? '' : ` (${printable(promoted)})`}: ${listed.join(', ')}`;
  },

  Latent: ({ generation, kind, itemIds, layer, vectors, input, start, part }, options) => {
    const item = itemIds.length === 0 ? '' : ` of ${list(itemIds, (itemId) => id(itemId, options), options)}`;
    const at = kind === 'latent' ? ` for layer ${layer}` : '';
    const numbers = vectors.length === 0 ? '' : ` ${formatVector(floats(vectors), options)}`;
    const pooled =
      input === null ? '' : `, pools ${list(input.neighbours, (itemId) => id(itemId, options), options)}`;
    const begun = start === null ? '' : ` with ${count(start.itemCount, 'item')}`;
    const piece = part === null ? '' : ` part ${part.number}, ${formatBytes(part.bytes, options)}`;
    return `${kind}${piece}${item}${at}${begun}${inGeneration(generation, options)}${numbers}${pooled}`;
  },

  DeadLetter: (letter) =>
    `from ${printable(letter.sourceTopic)} ${letter.partition}:${letter.offset}, rejected by ${printable(letter.stage)}` +
    ` at ${formatTime(letter.failedAt)}: ${printable(letter.code)}: ${printable(letter.reason)}` +
    (letter.messageBytes === null ? '' : ` (cut; the message has ${letter.messageBytes} bytes)`),
};

/** Returns the record as one line. */
export function formatRecord<R extends RecordName>(
  name: R,
  record: RecordTypes[R],
  options: FormatOptions,
): string {
  return RENDERERS[name](record, options);
}

/**
 * Returns the record as JSON can represent it: bytes as base64. Without `full`, long vectors are shortened and long
 * bytes are cut.
 */
export function toJson(value: unknown, options: FormatOptions): unknown {
  if (Buffer.isBuffer(value)) {
    if (options.full || value.length <= 32) return value.toString('base64');
    return `${value.subarray(0, 24).toString('base64')}… ${value.length} bytes`;
  }
  if (Array.isArray(value)) {
    const isVector = value.length > 16 && value.every((element) => typeof element === 'number');
    return isVector && !options.full
      ? formatVector(value, options)
      : value.map((element) => toJson(element, options));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field, options)]));
}

/** Returns `[0.12, -0.03, 0.4, … 64]`, or all components with `full`. */
export function formatVector(vector: readonly number[], options: FormatOptions): string {
  if (options.full || vector.length <= VECTOR_LENGTH + 1) return `[${vector.map(number).join(', ')}]`;
  return `[${vector.slice(0, VECTOR_LENGTH).map(number).join(', ')}, … ${vector.length}]`;
}

/** Returns the first bytes in hexadecimal, with the number of all bytes. */
export function formatBytes(bytes: Buffer, options: FormatOptions): string {
  const shown = options.full ? bytes : bytes.subarray(0, 24);
  const hex = shown.toString('hex').replace(/..(?=.)/g, '$& ');
  const rest = shown.length < bytes.length ? ' …' : '';
  return `${bytes.length} bytes${bytes.length === 0 ? '' : ` [${hex}${rest}]`}`;
}

/** Returns ISO 8601 with milliseconds; a number outside the range of dates is returned as it is. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}

/** Returns the key as text, or in hexadecimal if it is not UTF-8. */
export function formatKey(key: Buffer | null): string {
  if (key === null) return '(no key)';
  const text = key.toString('utf8');
  return Buffer.from(text, 'utf8').equals(key) ? printable(text) : `0x${key.toString('hex')}`;
}

/** Returns the text with control characters, bidirectional overrides and line breaks escaped. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code === 0x0a ? '⏎' : `\\u{${code.toString(16)}}`;
  });
}

function id(text: string, options: FormatOptions): string {
  const shown = printable(text);
  return options.full || shown.length <= ID_LENGTH ? shown : `${shown.slice(0, ID_LENGTH - 1)}…`;
}

function inGeneration(generation: string | null, options: FormatOptions): string {
  return generation === null ? '' : ` in ${id(generation, options)}`;
}

function formatCause(
  because: RecordTypes['Slate']['slots'][number]['because'],
  options: FormatOptions,
): string {
  return because === null ? '' : ` because ${printable(because.type)} ${id(because.itemId, options)}`;
}

function list<T>(
  elements: readonly T[],
  render: (element: T, index: number) => string,
  options: FormatOptions,
): string {
  if (elements.length === 0) return 'none';
  const shown = options.full ? elements : elements.slice(0, LIST_LENGTH);
  const rest = elements.length - shown.length;
  return shown.map(render).join(', ') + (rest === 0 ? '' : `, … ${rest} more`);
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Rounds to three significant digits; numbers of everyday size have no exponent. */
function number(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

/**
 * Reads little-endian float32. A remainder of fewer than four bytes is left out: a debugging tool must show broken
 * values too.
 */
function floats(bytes: Buffer): number[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}
