import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { MAX_FUTURE_MS } from '#contracts/domain/action-validity.ts';
import { EVERYONE, idFault, isEveryone } from '#contracts/domain/ids.ts';
import { ACTION_TYPES, type UserAction } from '#contracts/generated/records.ts';
import { createCheck } from '#platform/http/validation.ts';
import { parseInstant } from './instant.ts';
import { idSchema, type Judgement, refuse } from './judgement.ts';

/** An action as an app posts it. */
export const ActionInput = Type.Object(
  {
    eventId: Type.Optional(
      idSchema('Identifies the event for ever; a repeat is a duplicate. Made up when left out.'),
    ),
    userId: idSchema(`Who acted; not \`${EVERYONE}\`, which stands for everyone.`),
    itemId: idSchema('What was acted on; it need not be in the catalogue yet.'),
    type: Type.Enum([...ACTION_TYPES], { description: 'What the user did.' }),
    occurredAt: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }), Type.String()], {
        description:
          'When: milliseconds since the epoch, or ISO 8601 with a zone. At most five minutes ahead; now when left out.',
      }),
    ),
    contextId: Type.Optional(
      Type.Union([idSchema('Basket, board, list or session the action belongs to.'), Type.Null()]),
    ),
    value: Type.Optional(
      Type.Union([Type.Number(), Type.Null()], { description: 'A magnitude: quantity, price or stars.' }),
    ),
  },
  { additionalProperties: false },
);

const ID_FIELDS = ['eventId', 'userId', 'itemId', 'contextId'] as const;

const checkAction = createCheck(ActionInput);

/**
 * Whether an entry of a batch is an action that may go to the log, and the record that goes there.
 * @param now milliseconds since the epoch by the gateway's clock
 */
export function judgeAction(entry: unknown, now: number): Judgement<UserAction> {
  const fault = checkAction(entry);
  if (fault !== undefined) return refuse(fault.code, fault.field, fault.reason);
  const input = entry as Static<typeof ActionInput>;
  for (const field of ID_FIELDS) {
    const id = input[field];
    const reason = id === undefined || id === null ? undefined : idFault(id);
    if (reason !== undefined) return refuse('field.invalid', field, reason);
  }
  if (isEveryone(input.userId)) return refuse('field.invalid', 'userId', 'is reserved for everyone');
  const occurredAt = input.occurredAt === undefined ? now : parseInstant(input.occurredAt);
  if (occurredAt === undefined) {
    return refuse(
      'field.invalid',
      'occurredAt',
      'must be ISO 8601 with a zone, such as 2026-03-01T12:00:00Z',
    );
  }
  if (occurredAt > now + MAX_FUTURE_MS) {
    const ahead = Math.round((occurredAt - now) / 1_000);
    return refuse('time.future', 'occurredAt', `is ${ahead} s ahead of the gateway; 300 s are allowed`);
  }
  return {
    record: {
      eventId: input.eventId ?? randomUUID(),
      userId: input.userId,
      itemId: input.itemId,
      type: input.type,
      occurredAt,
      receivedAt: now,
      contextId: input.contextId ?? null,
      value: input.value ?? null,
    },
  };
}
