import { actionFault } from '#contracts/domain/action-validity.ts';
import { slateFault } from '#contracts/domain/record-validity.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { Slate, UserAction } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { Joiner } from './joiner.ts';

export function createHandlers(joiner: Pick<Joiner, 'applySlates' | 'applyActions'>): {
  readonly slates: (batch: IncomingBatch<Slate>) => Promise<void>;
  readonly actions: (batch: IncomingBatch<UserAction>) => Promise<void>;
} {
  return {
    async slates(batch) {
      // A rejected slate is left out: `lastOffset` counts it as read, and its id may be that of a slate that waits.
      const messages = batch.messages.filter(({ key, offset, value, timestamp }) => {
        const fault = value === null ? undefined : slateFault({ value, key, timestamp });
        if (fault !== undefined) batch.reject(offset, fault.code, faultSentence(fault));
        return fault === undefined;
      });
      await joiner.applySlates(batch.partition, messages, batch.lastOffset, batch.readFrom);
    },
    async actions(batch) {
      const messages = batch.messages.map((message) => {
        const { key, offset, value, timestamp } = message;
        const fault = value === null ? undefined : actionFault({ value, key, timestamp });
        if (value === null || fault === undefined) return message;
        batch.reject(offset, fault.code, faultSentence(fault));
        // A time out of bounds would close every slate. At time 0 the action counts for none, and its offset counts
        // as read.
        return { ...message, value: { ...value, occurredAt: 0, receivedAt: 0 } };
      });
      await joiner.applyActions(batch.partition, messages, batch.lastOffset, batch.readFrom);
    },
  };
}
