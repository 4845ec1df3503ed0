import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Proposal, Release } from '#contracts/generated/records.ts';
import type { LogRecord } from './log-record.ts';

/** The release pointer began to name another generation. */
export interface PointerMove {
  /** Undefined where no generation is active. */
  readonly generation: string | undefined;
  /** When the declaration came into the log, ms. */
  readonly at: number;
  /** Whether it follows from what a person declared about generations that had been trained before. */
  readonly isByHand: boolean;
}

/** A process that serves generations began to serve another one. */
export interface ObservedFlip {
  readonly process: string;
  readonly generation: string;
  /** Whether the process decides, so that it serves a ready generation before the log declares it active. */
  readonly decides: boolean;
  /** The releases that the process had read, in log order. */
  readonly read: readonly Release[];
  /** Trained vectors by generation that the process had read. */
  readonly trained: ReadonlyMap<string, number>;
}

/** An answer of a process that was asked for a generation by its name. */
export interface ObservedAnswer {
  readonly process: string;
  readonly generation: string;
  readonly at: number;
  /** `gone`: the process said that it holds the generation no longer. */
  readonly outcome: 'held' | 'later' | 'gone';
  /** The items that it found. */
  readonly itemIds: readonly string[];
}

/** Follows the release pointer through the log. A repeated declaration moves nothing. */
export function pointerMoves(releases: Iterable<LogRecord<Release>>): PointerMove[] {
  const ledger = new ReleaseLedger();
  const moves: PointerMove[] = [];
  const touched = new Set<string>();
  for (const { key, timestamp, value } of releases) {
    const before = ledger.active()?.generation;
    // A training begins a life too, but with `building`.
    if (value?.follows === null && value.state !== 'building' && ledger.get(key) !== undefined)
      touched.add(key);
    ledger.declare(key, value);
    const generation = ledger.active()?.generation;
    if (generation !== before)
      moves.push({
        generation,
        at: timestamp,
        isByHand: generation !== undefined && touched.has(generation),
      });
  }
  return moves;
}

/** Returns a line for each generation that the pointer came back to although no person went back to it. */
export function checkMoves(moves: readonly PointerMove[]): string[] {
  return moves.flatMap(({ generation, isByHand }, place) => {
    const isSecond = moves.findIndex((move) => move.generation === generation) !== place;
    const isWrong = generation !== undefined && isSecond && !isByHand;
    return isWrong ? [`${generation} became active a second time`] : [];
  });
}

/**
 * Returns a line for each flip to a generation that the pointer did not name for the process: neither the active one of what it
 * had read nor, for a process that decides, the ready one that takes over; or one whose vectors it had not all read.
 */
export function checkFlips(flips: Iterable<ObservedFlip>): string[] {
  const faults: string[] = [];
  for (const { process, generation, decides, read, trained } of flips) {
    const ledger = new ReleaseLedger(read);
    const isWhole = (release: Release): boolean =>
      release.itemCount > 0 && (trained.get(release.generation) ?? 0) >= release.itemCount;
    const active = ledger.active()?.generation;
    const next = decides ? ledger.successor(isWhole)?.generation : undefined;
    // An older one never takes over, also where the active one is not read whole yet.
    const isNewer = next !== undefined && (active === undefined || next > active);
    const names = [ledger.active(isWhole)?.generation, isNewer ? next : undefined].filter(
      (name) => name !== undefined,
    );
    if (!names.includes(generation))
      faults.push(`${process} flipped to ${generation}, but what it had read names ${names.join(' or ')}`);
  }
  return faults;
}

/**
 * Returns a line for each answer that a generation is gone although the pointer named it or came to name it, unless a person went
 * back to it; and for each item that the generation does not have.
 */
export function checkGenerationAnswers(
  answers: Iterable<ObservedAnswer>,
  moves: readonly PointerMove[],
  items: ItemsByGeneration,
): string[] {
  const faults: string[] = [];
  for (const { process, generation, at, outcome, itemIds } of answers) {
    const next = moves.find((move) => move.generation === generation && move.at >= at);
    const last = moves.findLast((move) => move.at < at);
    const isWanted = last?.generation === generation ? !last.isByHand : next !== undefined && !next.isByHand;
    if (outcome === 'gone' && isWanted)
      faults.push(`${process} said that ${generation} is gone ${at - (next ?? last)!.at} ms from its flip`);
    const foreign = itemIds.find((itemId) => items.get(generation)?.has(itemId) !== true);
    if (foreign !== undefined) faults.push(`${process} found ${foreign} in ${generation}, which lacks it`);
  }
  return faults;
}

/** Item ids by generation. */
export type ItemsByGeneration = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns a line for each proposal with an item that the generation of the proposal does not have. */
export function checkMembership(
  proposals: Iterable<LogRecord<Proposal>>,
  items: ItemsByGeneration,
): string[] {
  const faults: string[] = [];
  for (const { partition, offset, value } of proposals) {
    for (const { generation, items: listed } of value === null ? [] : modelProposalsOf(value)) {
      if (generation === null) continue;
      const own = items.get(generation);
      const foreign = listed.find(({ itemId }) => own?.has(itemId) !== true);
      if (foreign !== undefined)
        faults.push(
          `the proposal at ${partition}/${offset} of ${generation} has ${foreign.itemId} of another one`,
        );
    }
  }
  return faults;
}
