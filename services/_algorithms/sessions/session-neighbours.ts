import { TopK } from '../top-k.ts';
import type { Session } from './recent-sessions.ts';

/** The sessions of the whole log, in partitions whose order is fixed. */
export interface SessionIndex {
  /** In each partition the sessions that took an item, the latest last. */
  withItem(itemId: string): ReadonlyArray<readonly Session[]>;
}

export interface NeighbourOptions {
  /** Latest items of the current session that are compared. */
  readonly compared: number;
  /** Latest sessions among which neighbours are sought. */
  readonly sample: number;
  /** Neighbours, the most similar of the sample. */
  readonly neighbours: number;
}

interface Similar {
  readonly session: Session;
  similarity: number;
  /** Place in the current session of the latest item that both hold. */
  shared: number;
}

/**
 * Session neighbours (V-SKNN, Ludewig and Jannach 2018; VMIS-kNN, Kersbergen, Sprangers and Schelter, SIGMOD 2022, finds the same ones
 * from an index by item): of the latest sessions that share an item with the current one, the most similar vote for their items. An
 * item of the current session counts linearly by its place. A vote is the similarity, divided by the distance of the latest shared
 * item from the end of the current session.
 *
 * @param current the session so far, the latest item last
 * @returns votes by item, above 0; items of the current session may be among them
 */
export function voteOfNeighbours(
  current: Session,
  index: SessionIndex,
  { compared, sample, neighbours }: NeighbourOptions,
): Map<string, number> {
  const items = current.items.slice(-compared);
  const found = new Map<Session, Similar>();
  items.forEach((itemId, place) => {
    const weight = (place + 1) / items.length;
    for (const sessions of index.withItem(itemId)) {
      for (const session of sessions) {
        if (session === current) continue;
        const known = found.get(session);
        if (known === undefined) found.set(session, { session, similarity: weight, shared: place });
        else {
          known.similarity += weight;
          known.shared = place;
        }
      }
    }
  });
  // Of equally similar sessions the later ones are kept, because `latest` has them first.
  const latest = highest([...found.values()], sample, ({ session }) => session.lastAt);
  const similar = highest(latest, neighbours, ({ similarity }) => similarity);
  const votes = new Map<string, number>();
  for (const { session, similarity, shared } of similar) {
    const vote = similarity / (items.length - shared);
    for (const itemId of session.items) votes.set(itemId, (votes.get(itemId) ?? 0) + vote);
  }
  return votes;
}

/** The `count` values of the highest score, the highest first, ties in their order. */
function highest<T>(values: readonly T[], count: number, scoreOf: (value: T) => number): T[] {
  const top = new TopK(Math.min(count, values.length));
  for (const [place, value] of values.entries()) top.offer(place, scoreOf(value));
  const places = new Int32Array(top.size);
  top.drainInto(places, new Float64Array(top.size));
  return Array.from(places, (place) => values[place]!);
}

export interface Transition {
  weight: number;
  /** Place in the current session of the item that contributes most. */
  readonly source: number;
  /** Its contribution. */
  readonly largest: number;
}

export interface TransitionOptions {
  /** Latest items of the current session from which transitions are followed. */
  readonly from: number;
  /** Weight of each of them relative to the one after it, 0 to 1. */
  readonly fading: number;
  /** Most places from an item to one that followed it. */
  readonly reach: number;
  /** Time in which a transition loses half its weight, ms. */
  readonly halfLifeMs: number;
}

/**
 * Transitions (sequential rules, Ludewig and Jannach 2018), decayed by event time: how often an item followed the latest items of the
 * current session, weighted by 1/distance. The counts are those of the remembered sessions.
 *
 * @param current the session so far, the latest item last
 * @returns by item its weight, above 0, and the place in the current session of the item that contributes most; items of the current
 *   session may be among them
 */
export function transitionsFrom(
  current: Session,
  index: SessionIndex,
  { from, fading, reach, halfLifeMs }: TransitionOptions,
): Map<string, Transition> {
  const weights = new Map<string, Transition>();
  const { items } = current;
  for (let back = 0; back < Math.min(from, items.length); back++) {
    const source = items.length - 1 - back;
    const itemId = items[source]!;
    const own = new Map<string, number>();
    for (const sessions of index.withItem(itemId)) {
      for (const session of sessions) {
        if (session === current) continue;
        const age = Math.max(0, current.lastAt - session.lastAt);
        const weight = fading ** back * 2 ** (-age / halfLifeMs);
        const start = session.items.lastIndexOf(itemId);
        const end = Math.min(session.items.length, start + 1 + reach);
        for (let place = start + 1; place < end; place++) {
          const next = session.items[place]!;
          own.set(next, (own.get(next) ?? 0) + weight / (place - start));
        }
      }
    }
    for (const [next, weight] of own) {
      const known = weights.get(next);
      if (known === undefined) weights.set(next, { weight, source, largest: weight });
      else if (weight > known.largest)
        weights.set(next, { weight: known.weight + weight, source, largest: weight });
      else known.weight += weight;
    }
  }
  return weights;
}
