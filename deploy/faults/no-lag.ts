import { waitFor } from '#platform/testing/wait-for.ts';
import { groupLags } from '#topics/lag.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';

/**
 * Resolves when every consumer group of a namespace has read and committed all that is there.
 * @returns a sentence for each group that has not done so in time
 */
export async function waitForNoLag(
  { kafka, namespace }: Pick<TestNamespace, 'kafka' | 'namespace'>,
  timeoutMs: number,
): Promise<string[]> {
  let behind: string[] = [];
  const isRead = async (): Promise<boolean> => {
    const lags = await groupLags(kafka, namespace);
    behind = lags.flatMap(({ group, topic, state, lag, partitions }) =>
      lag > 0
        ? [`${group} (${state}) is ${lag} messages of ${topic} behind: ${JSON.stringify(partitions)}`]
        : [],
    );
    return behind.length === 0;
  };
  await waitFor(() => isRead().catch(() => false), { message: 'no lag', timeoutMs }).catch(() => undefined);
  return behind;
}
