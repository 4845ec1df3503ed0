import type { UserAction } from '#contracts/generated/records.ts';
import type { LogRecord } from './log-record.ts';

/** An action that the gateway has answered with 202, and where its answer says that the action is. */
export interface AcknowledgedAction {
  readonly eventId: string;
  readonly partition: number;
  readonly offset: number;
}

/** Returns a line for each acknowledged action that is not where it was said to be. */
export function checkAcknowledged(
  acknowledged: Iterable<AcknowledgedAction>,
  log: Iterable<LogRecord<UserAction>>,
): string[] {
  const placeOf = (partition: number, offset: number): string => `${partition}/${offset}`;
  const idAt = new Map<string, string>();
  for (const { partition, offset, value } of log)
    if (value !== null) idAt.set(placeOf(partition, offset), value.eventId);
  const faults: string[] = [];
  for (const { eventId, partition, offset } of acknowledged) {
    const place = placeOf(partition, offset);
    const found = idAt.get(place);
    if (found === eventId) continue;
    const instead = found === undefined ? 'nothing' : `the event ${found}`;
    faults.push(`the event ${eventId} was acknowledged at ${place}, but the log has ${instead} there`);
  }
  return faults;
}
