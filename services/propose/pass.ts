import { interestsFault } from '#contracts/domain/record-validity.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { Runner } from './runner.ts';
import type { Asked } from './waiting-users.ts';

/**
 * One pass over `interests` for every model: the record is decoded once, and the proposals of a user are produced together.
 * Of several versions of a user in a batch only the newest is answered.
 */
export function createPass(
  runners: ReadonlyArray<Pick<Runner, 'propose' | 'forget'>>,
): (batch: Pick<IncomingBatch<UserInterests>, 'messages' | 'reject'>) => Promise<void> {
  return async ({ messages, reject }) => {
    const newest = new Map<string, Asked>();
    for (const { key, offset, value, timestamp, trace } of messages) {
      if (value === null) {
        newest.delete(key);
        for (const runner of runners) runner.forget(key);
        continue;
      }
      const fault = interestsFault({ value, key, timestamp });
      if (fault !== undefined) reject(offset, fault.code, faultSentence(fault));
      // A former owner of the partition may have been late with an older version.
      else if (value.version >= (newest.get(key)?.interests.version ?? 0)) {
        newest.set(key, { interests: value, trace });
      }
    }
    const asked = [...newest.values()];
    if (asked.length > 0) await Promise.all(runners.map((runner) => runner.propose(asked)));
  };
}
