import assert from 'node:assert/strict';
import { type ModelProposal, modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { createPass } from './pass.ts';
import type { Author } from './proposals.ts';
import type { ListsForUsers } from './proposers/proposer.ts';
import { RecordingReport } from './report.testing.ts';
import { Runner } from './runner.ts';

/** A pass over interests that a test feeds by hand. */
export interface TestPass {
  readonly report: RecordingReport;
  /** All records, in the order in which they were published. */
  readonly records: readonly Proposal[];
  /** The lists of all records. */
  readonly published: readonly ModelProposal[];
  /** Reads a batch of interests; `erased` stands for a tombstone. */
  read(...users: Array<UserInterests | { userId: string; erased: true }>): Promise<void>;
  /** The items that each user has last been proposed by a model, joined by commas. */
  listsOf(model: string): Record<string, string>;
  /** Begins the drain of the stage. */
  drain(): void;
  close(): Promise<void>;
}

/**
 * Runs models through the real pass, with retries after a few milliseconds.
 * @param options of the runners; `acknowledge` resolves when the log has a record, at once by default
 */
export function openPass(
  models: ReadonlyArray<Author & ListsForUsers>,
  options: { timeoutMs?: number; waitingUsers?: number; acknowledge?: () => Promise<void> } = {},
): TestPass {
  const report = new RecordingReport();
  const records: Proposal[] = [];
  const publish = async (record: Proposal): Promise<void> => {
    records.push(record);
    await options.acknowledge?.();
  };
  const listed = () => records.flatMap(modelProposalsOf);
  const controller = new AbortController();
  const runners = models.map(
    (model) =>
      new Runner({
        model,
        isAlone: models.length === 1,
        timeoutMs: options.timeoutMs ?? 10_000,
        waitingUsers: options.waitingUsers ?? 100,
        retryMs: { first: 1, longest: 4 },
        publish,
        report,
        signal: controller.signal,
        onFailure: (error) => assert.fail(String(error)),
      }),
  );
  const pass = createPass(runners, publish);
  return {
    report,
    records,
    get published() {
      return listed();
    },
    read: (...users) =>
      pass({
        reject: (_offset, code, reason) => assert.fail(`${code}: ${reason}`),
        messages: users.map((user, offset) => ({
          partition: 0,
          offset,
          key: user.userId,
          timestamp: 0,
          value: 'erased' in user ? null : user,
          trace: undefined,
        })),
      }),
    listsOf: (name) =>
      Object.fromEntries(
        listed()
          .filter(({ model }) => model === name)
          .map(({ userId, items }) => [userId, items.map(({ itemId }) => itemId).join()]),
      ),
    drain: () => controller.abort(),
    async close() {
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}
