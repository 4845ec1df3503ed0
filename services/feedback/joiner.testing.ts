import type { IncomingMessage } from '#platform/kafka/messages.ts';

/** Messages of a partition at consecutive offsets. */
export function messagesOf<V extends { userId: string }>(
  partition: number,
  values: readonly V[],
  firstOffset = 0,
): Array<IncomingMessage<V>> {
  return values.map((value, index) => ({
    partition,
    offset: firstOffset + index,
    key: value.userId,
    timestamp: 0,
    value,
    trace: `trace of ${firstOffset + index}`,
  }));
}
