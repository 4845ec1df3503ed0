import type { BatchAnswer } from '../../services/gateway/ingest/batch.ts';
import type { AcknowledgedAction } from './checkers/acknowledged.ts';

/** An action as an app posts it. */
export interface PostedAction {
  readonly eventId: string;
  readonly userId: string;
  readonly itemId: string;
  readonly type: string;
}

/** Posts actions to the gateway. @returns those that were acknowledged; none if there is no answer in time */
export async function postActions(
  gateway: string,
  actions: readonly PostedAction[],
  timeoutMs: number,
): Promise<AcknowledgedAction[]> {
  try {
    const response = await fetch(`${gateway}/v1/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(actions),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 202 && response.status !== 207) {
      await response.body?.cancel();
      return [];
    }
    const { results } = (await response.json()) as BatchAnswer;
    return results.flatMap((verdict) =>
      verdict.status === 'accepted'
        ? [{ eventId: actions[verdict.index]!.eventId, partition: verdict.partition, offset: verdict.offset }]
        : [],
    );
  } catch {
    return [];
  }
}
