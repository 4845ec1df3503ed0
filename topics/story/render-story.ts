/** Prints a story: one message a line under the message that led to it, with the time that the step took. */
import { styleText } from 'node:util';
import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { Reward, Slate } from '#contracts/generated/records.ts';
import { CATALOG } from '../catalog.ts';
import { type FormatOptions, formatRecord, printable, toJson } from '../format.ts';
import { renderTable } from '../table.ts';
import type { LinkedEntry, StoryEntry } from './entry.ts';
import { actionOf, interestsRecordOf, proposalOf, rewardOf, slateOf } from './entry.ts';

const SHORT: FormatOptions = { full: false };
/** Deeper lines keep this indentation. */
const DEEPEST = 4;
const TRACE_DIGITS = 8;

/** Hops that wait for a person or for a time, and say nothing about the speed of the stages. */
const MEANING: Readonly<Record<string, string>> = {
  'proposals → slates': 'how long until a slate is requested',
  'interests → slates': 'how long until a slate is requested',
  'actions → slates': 'how long until a slate is requested',
  'slates → actions': 'how long until the user acts on it',
  'slates → rewards': 'how long until the outcome is settled',
  'slates → candidates': 'how long until its candidates are logged',
};

/** Turns entries into lines, one after the other, and remembers what later lines refer to. */
export class StoryPrinter {
  readonly #titles: ReadonlyMap<string, string>;
  readonly #depth = new Map<StoryEntry, number>();
  /** The action from which a chain of messages begins. */
  readonly #roots = new Map<StoryEntry, StoryEntry>();
  readonly #rewards = new Map<string, Reward>();
  readonly #hops = new Map<string, number[]>();

  /** @param titles of items by id; an id without a title stands for itself */
  constructor(titles: ReadonlyMap<string, string>) {
    this.#titles = titles;
  }

  /** Tells the printer of a reward before its slate is printed. */
  expect(entry: StoryEntry): void {
    const reward = rewardOf(entry);
    if (reward !== undefined) this.#rewards.set(`${reward.slateId} ${reward.slot}`, reward);
  }

  text(linked: LinkedEntry): string {
    const { entry, cause, link } = linked;
    const { latency, sinceAction, behind } = this.#place(linked);
    const indent = '  '.repeat(this.#depth.get(entry)!);
    const took = latency === undefined ? '' : `+${duration(latency)}`;
    const where = `${entry.topic} ${entry.partition}:${entry.offset}`;
    const notes = [
      ...(cause === undefined ? [] : [`${link} ${cause.topic} ${cause.partition}:${cause.offset}`]),
      ...(sinceAction === undefined ? [] : [`${duration(sinceAction)} after the action`]),
      ...(behind === undefined ? [] : [`the clocks of two processes differ by ${duration(behind)} or more`]),
      ...(entry.trace === undefined ? [] : [`trace ${entry.trace.slice(0, TRACE_DIGITS)}`]),
    ];
    const head =
      `${clock(entry.at)} ${took.padStart(10)}  ${indent}${styleText(colourOf(entry), where)}  ` +
      this.#describe(entry);
    const note = notes.length === 0 ? '' : `  ${styleText('dim', `(${notes.join(', ')})`)}`;
    const slots = slateOf(entry)?.slots.map(
      (_, slot) => `${' '.repeat(25)}${indent}  ${this.#slot(slateOf(entry)!, slot)}`,
    );
    return [`${head}${note}`, ...(slots ?? [])].join('\n');
  }

  json(linked: LinkedEntry): string {
    const { entry, cause, link } = linked;
    const { latency, sinceAction, behind } = this.#place(linked);
    const { topic, partition, offset, at, key, trace } = entry;
    return JSON.stringify({
      topic,
      partition,
      offset,
      at,
      key,
      ...(trace === undefined ? {} : { trace }),
      ...(cause === undefined
        ? {}
        : {
            cause: {
              topic: cause.topic,
              partition: cause.partition,
              offset: cause.offset,
              link,
              latencyMs: latency,
              ...(behind === undefined ? {} : { clocksDifferByMs: behind }),
            },
          }),
      ...(sinceAction === undefined ? {} : { sinceActionMs: sinceAction }),
      ...(slateOf(entry) === undefined ? {} : { earned: this.#earned(slateOf(entry)!) }),
      value: toJson(entry.value, { full: true }),
    });
  }

  /** The times of the hops, and what the slates earned. */
  summary(entries: readonly StoryEntry[]): string {
    const hops = [...this.#hops].map(([hop, samples]) => {
      const sorted = samples.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
      return { hop, times: sorted.length, p50: at(0.5), p99: at(0.99) };
    });
    const slates = entries.flatMap((entry) => slateOf(entry) ?? []);
    const parts = [
      ...(hops.length === 0
        ? []
        : [
            renderTable(hops, [
              { title: 'HOP', value: ({ hop }) => hop },
              { title: 'TIMES', value: ({ times }) => times },
              { title: 'P50 MS', value: ({ p50 }) => p50 },
              { title: 'P99 MS', value: ({ p99 }) => p99 },
              { title: 'MEASURES', value: ({ hop }) => MEANING[hop] ?? 'how long the stages take' },
            ]),
          ]),
      ...(slates.length === 0
        ? []
        : [
            renderTable(slates, [
              { title: 'SLATE', value: ({ slateId }) => printable(slateId) },
              { title: 'SERVED', value: ({ servedAt }) => clock(servedAt) },
              { title: 'POLICY', value: ({ policy }) => printable(policy) },
              { title: 'SLOTS', value: ({ slots }) => slots.length },
              { title: 'EARNED', value: (slate) => this.#earned(slate).reward },
              {
                title: 'BY',
                value: (slate) => this.#earned(slate).by.join(', ') || this.#nothing(slate),
              },
            ]),
          ]),
    ];
    return parts.join('\n\n');
  }

  /** Places an entry below its cause and records the time between them. */
  #place({ entry, cause }: LinkedEntry): { latency?: number; sinceAction?: number; behind?: number } {
    const isAction = actionOf(entry) !== undefined;
    const depth = cause === undefined || isAction ? 0 : Math.min(DEEPEST, (this.#depth.get(cause) ?? 0) + 1);
    this.#depth.set(entry, depth);
    const root = isAction ? entry : cause === undefined ? undefined : this.#roots.get(cause);
    if (root !== undefined) this.#roots.set(entry, root);
    if (cause === undefined) return {};
    // A cause comes first, whatever the clocks of the processes say.
    const latency = Math.max(0, entry.at - cause.at);
    const skew = entry.at < cause.at ? { behind: cause.at - entry.at } : {};
    const hop = `${cause.topic} → ${entry.topic}`;
    this.#hops.set(hop, [...(this.#hops.get(hop) ?? []), latency]);
    const isFar = root !== undefined && root !== cause && root !== entry;
    return isFar ? { latency, sinceAction: Math.max(0, entry.at - root.at), ...skew } : { latency, ...skew };
  }

  #describe(entry: StoryEntry): string {
    if (entry.value === null) return 'tombstone: this key is deleted';
    const action = actionOf(entry);
    if (action !== undefined) {
      const value = action.value === null ? '' : ` ×${action.value}`;
      return `${action.type} ${this.#named(action.itemId)}${value} by ${printable(action.userId)}`;
    }
    const interests = interestsRecordOf(entry);
    if (interests !== undefined) {
      if (interests.medoids.length === 0) return `window of ${interests.windowSize}, no interests yet`;
      const named = interests.medoids
        .slice(0, 3)
        .map(
          ({ type, itemId, importance }) =>
            `${printable(type)} ${this.#named(itemId)} (${round(importance)})`,
        );
      const more =
        interests.medoids.length > named.length ? `, … ${interests.medoids.length - named.length} more` : '';
      return `window of ${interests.windowSize} in ${interests.medoids.length} interests: ${named.join(', ')}${more}`;
    }
    const proposal = proposalOf(entry);
    if (proposal !== undefined) {
      return modelProposalsOf(proposal)
        .map(({ model, items }) => `${printable(model)} ${items.length}`)
        .join(', ');
    }
    const slate = slateOf(entry);
    if (slate !== undefined) {
      const { reward, settled } = this.#earned(slate);
      const earned =
        slate.slots.length === 0
          ? 'empty: there was nothing to recommend'
          : settled === 0
            ? 'not settled yet'
            : `earned ${round(reward)} (${settled} of ${slate.slots.length} slots settled)`;
      return `${printable(slate.slateId)} to ${printable(slate.userId)} by ${printable(slate.policy)}, ${earned}`;
    }
    const reward = rewardOf(entry);
    if (reward !== undefined)
      return `${outcome(reward)} for ${this.#named(reward.itemId)} in slot ${reward.slot}`;
    return formatRecord(CATALOG[entry.topic].schema, entry.value as never, SHORT);
  }

  #slot(slate: Slate, place: number): string {
    const { itemId, propensity, models, because } = slate.slots[place]!;
    const reward = this.#rewards.get(`${slate.slateId} ${place}`);
    const cause =
      because === null ? '' : ` because ${printable(because.type)} ${this.#named(because.itemId)}`;
    const earned =
      reward === undefined || reward.reward === 0 ? '' : ` ${styleText('green', `→ ${outcome(reward)}`)}`;
    return `${place + 1}. ${this.#named(itemId)} p=${round(propensity)} from ${models.map(printable).join('+')}${cause}${earned}`;
  }

  #earned({ slateId, slots }: Slate): { reward: number; settled: number; by: string[] } {
    const rewards = slots.flatMap((_, slot) => this.#rewards.get(`${slateId} ${slot}`) ?? []);
    return {
      reward: rewards.reduce((sum, { reward }) => sum + reward, 0),
      settled: rewards.length,
      by: rewards
        .filter(({ reward }) => reward !== 0)
        .map(({ actionType, slot }) => `${actionType} in slot ${slot}`),
    };
  }

  /** Why a slate has earned nothing. */
  #nothing(slate: Slate): string {
    if (slate.slots.length === 0) return 'it is empty';
    return this.#earned(slate).settled === slate.slots.length ? 'nothing' : 'nothing yet';
  }

  #named(itemId: string): string {
    const title = this.#titles.get(itemId);
    return title === undefined ? printable(itemId) : `${printable(itemId)} “${printable(title)}”`;
  }
}

function outcome({ reward, actionType, delay }: Reward): string {
  if (actionType === null) return 'nothing';
  return `${round(reward)} (${printable(actionType)}${delay === null ? '' : ` after ${duration(delay)}`})`;
}

/** UTC, to the millisecond. */
function clock(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().slice(11, 23);
}

export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1_000) return `${ms} ms`;
  if (size < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (size < 7_200_000) return `${(ms / 60_000).toFixed(1)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

function colourOf({ topic }: StoryEntry): 'cyan' | 'yellow' | 'green' | 'red' | 'magenta' | 'blue' {
  switch (topic) {
    case 'actions':
      return 'cyan';
    case 'slates':
      return 'yellow';
    case 'rewards':
      return 'green';
    case 'dead-letters':
      return 'red';
    case 'proposals':
      return 'magenta';
    default:
      return 'blue';
  }
}
