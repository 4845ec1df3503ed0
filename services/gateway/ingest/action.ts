import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { actionFault, timestampOf } from '#contracts/domain/action-validity.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { parseInstant } from '#contracts/domain/instants.ts';
import type { Fault } from '#contracts/fault.ts';
import { ACTION_TYPES, type UserAction } from '#contracts/generated/records.ts';
import { createCheck } from '#platform/http/validation.ts';
import { hintAtQuotes, idSchema } from '../id-schema.ts';
import { reject, type Validation } from './validation.ts';

/** An action as an app posts it. */
export const ActionInput = Type.Object(
  {
    eventId: Type.Optional(
      idSchema(
        'Identifies the event for ever; a second event with this id is a duplicate. Generated if it is missing.',
      ),
    ),
    userId: idSchema(`The user who acted; not \`${EVERYONE}\`, which stands for all users.`),
    itemId: idSchema('The item acted on; it need not be in the catalogue yet.'),
    type: Type.Enum([...ACTION_TYPES], {
      description: 'The kind of action; impression reports that the user saw an item of a slate.',
    }),
    occurredAt: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String()], {
        description:
          'Event time: milliseconds since the epoch, or ISO 8601 with a zone. At most five minutes ahead, and no older than the retention of the topic `actions`. Default: now.',
      }),
    ),
    contextId: Type.Optional(
      Type.Union([idSchema('Basket, board, list or session of the action.'), Type.Null()]),
    ),
    value: Type.Optional(
      Type.Union([Type.Number(), Type.Null()], { description: 'A magnitude: quantity, price or stars.' }),
    ),
    slateId: Type.Optional(
      Type.Union([
        idSchema(
          'The slate that the action answers, as the recommendations named it. Without it, the latest slate of the user with the item is taken.',
        ),
        Type.Null(),
      ]),
    ),
    slot: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
        description: 'The place of the item in that slate, 0 on top; only with slateId.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        eventId: 'order-7-1',
        userId: '2375',
        itemId: '1082185',
        type: 'buy',
        occurredAt: '2026-03-01T12:00:00Z',
        contextId: 'basket-7',
        value: 2,
      },
    ],
  },
);

const checkAction = createCheck(ActionInput);

/**
 * Validates an entry of a batch as an action.
 * @param now milliseconds since the epoch by the gateway's clock
 * @param maxAgeMs age from which the log would delete the action, in milliseconds
 */
export function validateAction(entry: unknown, now: number, maxAgeMs: number): Validation<UserAction> {
  const misfit = checkAction(entry);
  if (misfit !== undefined) return reject(hintAtUnit(hintAtQuotes(misfit, entry), entry));
  const input = entry as Static<typeof ActionInput>;
  const instant = input.occurredAt === undefined ? { at: now } : parseInstant(input.occurredAt);
  if ('reason' in instant) {
    return reject({ code: 'field.invalid', field: 'occurredAt', reason: instant.reason });
  }
  const occurredAt = instant.at;
  if (occurredAt < now - maxAgeMs) {
    const days = (ms: number) => Math.floor(ms / 86_400_000);
    const reason = `lies ${days(now - occurredAt)} days back, but the log keeps actions for ${days(maxAgeMs)} days`;
    return reject({ code: 'time.past', field: 'occurredAt', reason });
  }
  const record = {
    eventId: input.eventId ?? randomUUID(),
    userId: input.userId,
    itemId: input.itemId,
    type: input.type,
    occurredAt,
    receivedAt: now,
    contextId: input.contextId ?? null,
    value: input.value ?? null,
    slateId: input.slateId ?? null,
    slot: input.slot ?? null,
  };
  const fault = actionFault({ value: record, key: record.userId, timestamp: timestampOf(record) });
  return fault === undefined ? { record } : reject(fault);
}

/** Whether an entry, which may be anything, names a time before `bound`, ms. */
export function seemsOlder(entry: unknown, bound: number): boolean {
  const time = (entry as Partial<Static<typeof ActionInput>> | null)?.occurredAt;
  return typeof time === 'string' ? Date.parse(time) < bound : typeof time === 'number' && time < bound;
}

/** A number with a fraction is no integer, but its sender has to know the unit too. */
function hintAtUnit(fault: Fault, entry: unknown): Fault {
  const time = fault.field === 'occurredAt' ? (entry as { occurredAt: unknown }).occurredAt : undefined;
  if (typeof time !== 'number' || Number.isInteger(time) || !Number.isFinite(time)) return fault;
  const instant = parseInstant(time);
  return 'reason' in instant ? { ...fault, reason: `${fault.reason}; it ${instant.reason}` } : fault;
}
