import type { Slate } from '#contracts/generated/records.ts';
import type { BatchHandlers } from '#platform/stage.ts';
import type { Joiner } from './joiner.ts';

/** Why a slate cannot be learned from; undefined when it can. */
export function faultOf({ slots }: Slate): string | undefined {
  const index = slots.findIndex(
    ({ features, propensity }) => !features.every(Number.isFinite) || !(propensity > 0 && propensity <= 1),
  );
  if (index === -1) return undefined;
  return `slots[${index}] has features that are no numbers or a propensity outside (0, 1]`;
}

export function createHandlers(joiner: Joiner): Pick<Required<BatchHandlers>, 'slates' | 'actions'> {
  return {
    async slates(batch) {
      const sound = batch.messages.filter(({ offset, value }) => {
        const fault = value === null ? undefined : faultOf(value);
        if (fault !== undefined) batch.reject(offset, fault);
        return fault === undefined;
      });
      await joiner.takeSlates(batch.partition, sound);
    },
    actions: (batch) => joiner.takeActions(batch.partition, batch.messages),
  };
}
