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
): (batch: Pick<IncomingBatch<UserInterests>, 'messages'>) => Promise<void> {
  return async ({ messages }) => {
    const newest = new Map<string, Asked>();
    for (const { key, value, trace } of messages) {
      if (value === null) {
        newest.delete(key);
        for (const runner of runners) runner.forget(key);
        // A former owner of the partition may have been late with an older version.
      } else if (value.version >= (newest.get(key)?.interests.version ?? 0)) {
        newest.set(key, { interests: value, trace });
      }
    }
    const asked = [...newest.values()];
    if (asked.length > 0) await Promise.all(runners.map((runner) => runner.propose(asked)));
  };
}
