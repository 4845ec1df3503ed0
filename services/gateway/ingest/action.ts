import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { actionFault } from '#contracts/domain/action-validity.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { ACTION_TYPES, type UserAction } from '#contracts/generated/records.ts';
import { createCheck } from '#platform/http/validation.ts';
import { idSchema } from '../id-schema.ts';
import { parseInstant } from './instant.ts';
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
    type: Type.Enum([...ACTION_TYPES], { description: 'The kind of action.' }),
    occurredAt: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }), Type.String()], {
        description:
          'Event time: milliseconds since the epoch, or ISO 8601 with a zone. At most five minutes ahead. Default: now.',
      }),
    ),
    contextId: Type.Optional(
      Type.Union([idSchema('Basket, board, list or session of the action.'), Type.Null()]),
    ),
    value: Type.Optional(
      Type.Union([Type.Number(), Type.Null()], { description: 'A magnitude: quantity, price or stars.' }),
    ),
  },
  { additionalProperties: false },
);

const checkAction = createCheck(ActionInput);

/**
 * Validates an entry of a batch as an action.
 * @param now milliseconds since the epoch by the gateway's clock
 */
export function validateAction(entry: unknown, now: number): Validation<UserAction> {
  const misfit = checkAction(entry);
  if (misfit !== undefined) return reject(misfit);
  const input = entry as Static<typeof ActionInput>;
  const occurredAt = input.occurredAt === undefined ? now : parseInstant(input.occurredAt);
  if (occurredAt === undefined) {
    const reason = 'must be ISO 8601 with a zone, such as 2026-03-01T12:00:00Z';
    return reject({ code: 'field.invalid', field: 'occurredAt', reason });
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
  };
  const fault = actionFault(record);
  return fault === undefined ? { record } : reject(fault);
}
