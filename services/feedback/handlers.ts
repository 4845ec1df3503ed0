import { actionFault } from '#contracts/domain/action-validity.ts';
import { type Fault, faultSentence } from '#contracts/fault.ts';
import type { Slate } from '#contracts/generated/records.ts';
import type { BatchHandlers } from '#platform/stage.ts';
import type { Joiner } from './joiner.ts';

/** Why a slate cannot be learned from; undefined when it can. */
function slateFault({ slots, featureNames }: Slate): Fault | undefined {
  const index = slots.findIndex(
    ({ features, propensity }) => !features.every(Number.isFinite) || !(propensity > 0 && propensity <= 1),
  );
  if (index !== -1) {
    const reason = 'has features that are no numbers or a propensity outside (0, 1]';
    return { code: 'number.invalid', field: `slots[${index}]`, reason };
  }
  const count = featureNames.length;
  const other = count === 0 ? -1 : slots.findIndex(({ features }) => features.length !== count);
  if (other === -1) return undefined;
  const reason = `has ${slots[other]!.features.length} features for ${count} names`;
  return { code: 'features.invalid', field: `slots[${other}]`, reason };
}

export function createHandlers(joiner: Joiner): Pick<Required<BatchHandlers>, 'slates' | 'actions'> {
  return {
    async slates(batch) {
      const messages = batch.messages.map((message) => {
        const { offset, value } = message;
        const fault = value === null ? undefined : slateFault(value);
        if (value === null || fault === undefined) return message;
        batch.reject(offset, fault.code, faultSentence(fault));
        // The slate is kept without slots, so that it earns nothing but its offset counts as read.
        return { ...message, value: { ...value, slots: [] } };
      });
      await joiner.applySlates(batch.partition, messages, batch.lastOffset);
    },
    async actions(batch) {
      const messages = batch.messages.map((message) => {
        const { key, offset, value, timestamp } = message;
        const fault = value === null ? undefined : actionFault({ value, key, timestamp });
        if (value === null || fault === undefined) return message;
        batch.reject(offset, fault.code, faultSentence(fault));
        // A time out of bounds would close every slate. At time 0 the action counts for none, and its offset counts
        // as read.
        return { ...message, value: { ...value, occurredAt: 0 } };
      });
      await joiner.applyActions(batch.partition, messages, batch.lastOffset);
    },
  };
}
