import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { Ends } from './joiner.ts';

/** Polls the end offsets of the topics, and reports each partition that this process owns. */
export interface EndsWatch {
  /** Sets the partitions to report. */
  own(partitions: readonly number[]): void;
  /** Resolves when the last report is done. */
  close(): Promise<void>;
}

export function watchEnds(options: {
  admin: Pick<Admin, 'fetchTopicOffsets'>;
  /** Qualified names. */
  topics: { slates: string; actions: string };
  everyMs: number;
  now: () => number;
  report: (partition: number, ends: Ends) => Promise<void>;
  log: Logger;
  signal: AbortSignal;
  onFailure: (error: unknown) => void;
}): EndsWatch {
  const { admin, topics, everyMs, now, report, log, signal, onFailure } = options;
  let owned: readonly number[] = [];

  async function ask(): Promise<Map<number, Ends>> {
    const askedAt = now();
    const [slates, actions] = await Promise.all([
      admin.fetchTopicOffsets(topics.slates),
      admin.fetchTopicOffsets(topics.actions),
    ]);
    const ends = new Map<number, Ends>();
    for (const { partition, ...range } of slates) {
      const other = actions.find((candidate) => candidate.partition === partition);
      if (other !== undefined) ends.set(partition, { slates: endOf(range), actions: endOf(other), askedAt });
    }
    return ends;
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      const ends = await ask().catch((error: unknown) => {
        log.warn({ reason: reasonOf(error) }, 'cannot read the end offsets of the topics; retrying');
        return new Map<number, Ends>();
      });
      // All at once, so that the reads and writes of all partitions share their round trips.
      await Promise.all(
        owned.map(async (partition) => {
          const end = ends.get(partition);
          if (end !== undefined && !signal.aborted) await report(partition, end);
        }),
      );
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const watching = watch().catch(onFailure);
  return {
    own(partitions) {
      owned = partitions;
    },
    async close() {
      await watching;
    },
  };
}

/** Offset of the next message of a partition. */
export async function endOffset(
  admin: Pick<Admin, 'fetchTopicOffsets'>,
  topic: string,
  partition: number,
): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return Number(offsets.find((candidate) => candidate.partition === partition)?.high ?? 0);
}

/** If retention has removed all messages, nothing remains to be read, whatever was read before. */
function endOf({ low, high }: { low: string; high: string }): number {
  return low === high ? 0 : Number(high);
}
