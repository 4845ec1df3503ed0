import { interestsFault } from '#contracts/domain/record-validity.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { JoinedLists } from './joined-lists.ts';
import type { Runner } from './runner.ts';
import type { Asked } from './waiting-users.ts';

/**
 * Users in one part of a pass. The time limit of a model holds for a part, so that a process which is far behind, or has a twentieth of a
 * core, does not take its backlog for the fault of its models; and the lists of a part are in memory at once.
 */
const USERS_A_PART = 256;

/**
 * One pass over `interests` for every model: the record is decoded once, and the lists of a user are published in one record.
 * Of several versions of a user in the batches only the newest is answered.
 */
export function createPass(
  runners: ReadonlyArray<Pick<Runner, 'name' | 'propose' | 'forget'>>,
  publish: (record: Proposal, trace: string | undefined) => Promise<void>,
): (...batches: Array<Pick<IncomingBatch<UserInterests>, 'messages' | 'reject'>>) => Promise<void> {
  return async (...batches) => {
    const newest = new Map<string, Asked>();
    for (const { messages, reject } of batches) {
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
          newest.set(key, { interests: value, offset, timestamp, trace });
        }
      }
    }
    const asked = [...newest.values()];
    for (let from = 0; from < asked.length; from += USERS_A_PART) {
      const part = asked.slice(from, from + USERS_A_PART);
      const lists = new JoinedLists(
        runners.map(({ name }) => name),
        publish,
      );
      await Promise.all(
        runners.map(async (runner) => {
          try {
            await runner.propose(part, (one, list) => lists.deliver(runner.name, one, list));
          } finally {
            lists.leave(runner.name);
          }
        }),
      );
    }
  };
}
