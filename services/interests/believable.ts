import { believableTime } from '#contracts/domain/times.ts';
import type { DecodedRecord } from './record-codec.ts';

/**
 * Returns the record without the times that no log can lead to. Before the timestamps of messages were bounded, one action
 * from the far future could enter a window, and moved the stream time of its whole partition.
 * @param now the clock of this process, ms; it does not matter for a record without such times
 */
export function believableRecord(record: DecodedRecord, now: number): DecodedRecord {
  const { window, derived } = record;
  const isBelievable = (time: number): boolean => believableTime(time, now) === time;
  const newest = window.actions.at(-1)?.occurredAt ?? 0;
  if (isBelievable(newest) && isBelievable(derived?.streamTime ?? 0)) return record;
  const actions = window.actions.filter(({ occurredAt }) => isBelievable(occurredAt));
  const streamTime = actions.at(-1)?.occurredAt ?? 0;
  return {
    ...record,
    window: { actions },
    // The clustering is that of the other window, and so are the changes that were appended.
    derived: derived && { ...derived, streamTime, clustering: new Uint8Array(0) },
    deltaBytes: Infinity,
  };
}
