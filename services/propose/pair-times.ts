import { LastTimes } from '#algorithms/retrieval/last-times.ts';

const MIB = 1_048_576;

/**
 * When users took items last, in bounded memory: 65,536 pairs a MiB, of which the least recently used is forgotten first. A user who takes an
 * item again after the pair was forgotten counts once more, alike for all items.
 */
export class PairTimes {
  /** The partitions are apart, so that the order in which they are read does not matter. */
  readonly #partitions = new Map<number, LastTimes>();
  readonly #bytes: number;

  /** @param mib memory of all partitions together, MiB @param partitions number of partitions of `actions` */
  constructor(mib: number, partitions: number) {
    this.#bytes = Math.floor((mib * MIB) / partitions);
  }

  /** Notes a time, ms, if it is the latest of the pair. @param pair a text that no other pair has @returns the latest time before; undefined if none is known */
  put(partition: number, pair: string, at: number): number | undefined {
    let times = this.#partitions.get(partition);
    if (times === undefined) {
      times = new LastTimes(this.#bytes);
      this.#partitions.set(partition, times);
    }
    return times.put(pair, at);
  }
}
