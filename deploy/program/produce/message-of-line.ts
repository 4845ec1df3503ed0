/** Turns one line of JSON into a message of a topic, or into the reason why it is none. */
import { actionFault } from '#contracts/domain/action-validity.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { idFault } from '#contracts/domain/ids.ts';
import { interestsFault, proposalFault, rewardFault, slateFault } from '#contracts/domain/record-validity.ts';
import type { Fault } from '#contracts/fault.ts';
import { type RecordTypes, SCHEMAS } from '#contracts/generated/records.ts';
import { CATALOG, type TopicName } from '#topics/catalog.ts';
import { closestWord } from '#topics/closest-word.ts';
import { MisfitError, valueFromJson } from '#topics/message-json.ts';
import { isTopicName } from '#topics/tail.ts';
import { validateAction } from '../../../services/gateway/ingest/action.ts';
import { validateIdentifiedItem } from '../../../services/gateway/ingest/item.ts';

/** A message that may be written. */
export interface LineMessage {
  readonly topic: TopicName;
  readonly key: string;
  /** Null for a tombstone. */
  readonly value: RecordTypes[keyof RecordTypes] | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  /** Milliseconds since the epoch; undefined for the time of the write. */
  readonly timestamp: number | undefined;
}

export type LineVerdict = { readonly message: LineMessage } | { readonly fault: Fault };

type Json = Readonly<Record<string, unknown>>;

/** The parts of a line as `tail --json` writes it; those that only describe the place of the message are not used. */
const ENVELOPE = [
  'topic',
  'partition',
  'offset',
  'timestamp',
  'key',
  'keyBytes',
  'belongsTo',
  'headers',
  'headerBytes',
  'value',
];

/**
 * A line is a message as `tail --json` prints it, or a record by itself, for which a topic must be named. An action or an item
 * by itself may leave out what the gateway would fill in.
 * @param topic for records by themselves; of messages it overrides their own
 * @param now milliseconds since the epoch
 */
export function messageOfLine(line: string, topic: TopicName | undefined, now: number): LineVerdict {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return {
      fault: {
        code: 'body.malformed',
        field: '',
        reason: `the line is not JSON: ${(error as Error).message}`,
      },
    };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refused('body.malformed', '', 'the line is no JSON object');
  const entry = json as Json;
  if ('error' in entry && 'bytes' in entry)
    return refused(
      'decode.bytes',
      'bytes',
      'the message could not be decoded when it was read, so it has no value',
    );
  const isMessage = 'value' in entry && ('topic' in entry || 'key' in entry || 'keyBytes' in entry);
  const named = topic ?? (isMessage ? entry.topic : undefined);
  if (typeof named !== 'string')
    return refused('field.missing', 'topic', 'is missing: name the topic as an argument or in the line');
  if (!isTopicName(named)) {
    const meant = closestWord(named, Object.keys(CATALOG));
    return refused(
      'field.invalid',
      'topic',
      `is ${named}, which is no topic${meant === undefined ? '' : `: did you mean ${meant}?`}`,
    );
  }
  try {
    return isMessage ? messageFrom(entry, named, now) : recordAlone(entry, named, now);
  } catch (error) {
    if (error instanceof MisfitError) return { fault: error.fault };
    throw error;
  }
}

/** Retention deletes older actions anyway; a line may bring any age, because its own time decides. */
const ANY_AGE = Number.POSITIVE_INFINITY;

function recordAlone(entry: Json, topic: TopicName, now: number): LineVerdict {
  if (topic === 'actions' && !('receivedAt' in entry)) {
    const checked = validateAction(entry, now, ANY_AGE);
    return 'record' in checked
      ? checkedMessage(
          { topic, value: checked.record, key: undefined, headers: {}, timestamp: undefined },
          now,
        )
      : refused(checked.rejection.code, checked.rejection.field ?? '', checked.rejection.reason);
  }
  if (topic === 'items' && !('updatedAt' in entry)) {
    const checked = validateIdentifiedItem(entry, { vectorLength: 0 }, now);
    return 'record' in checked
      ? checkedMessage(
          { topic, value: checked.record, key: undefined, headers: {}, timestamp: undefined },
          now,
        )
      : refused(checked.rejection.code, checked.rejection.field ?? '', checked.rejection.reason);
  }
  const value = valueFromJson(SCHEMAS[CATALOG[topic].schema], entry) as LineMessage['value'];
  return checkedMessage({ topic, value, key: undefined, headers: {}, timestamp: undefined }, now);
}

function messageFrom(entry: Json, topic: TopicName, now: number): LineVerdict {
  const unknown = Object.keys(entry).find((name) => !ENVELOPE.includes(name));
  if (unknown !== undefined)
    return refused('field.invalid', unknown, `is no part of a message; the parts are ${ENVELOPE.join(', ')}`);
  const { key = null, keyBytes, headers = {}, headerBytes = {}, timestamp } = entry;
  if (keyBytes !== undefined)
    return refused('message.key', 'keyBytes', 'the key is not UTF-8, so no stage accepts the message');
  if (key !== null && typeof key !== 'string') return refused('message.key', 'key', 'must be a text');
  if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && (timestamp as number) >= 0))
    return refused('field.invalid', 'timestamp', 'must be whole milliseconds since 1970');
  if (!isTexts(headers)) return refused('field.invalid', 'headers', 'must be an object of texts');
  if (!isTexts(headerBytes))
    return refused('field.invalid', 'headerBytes', 'must be an object of texts in base64');
  const value =
    entry.value === null
      ? null
      : (valueFromJson(SCHEMAS[CATALOG[topic].schema], entry.value, ['value']) as LineMessage['value']);
  return checkedMessage(
    {
      topic,
      value,
      key: key ?? undefined,
      headers: Object.fromEntries([
        ...Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]),
        ...Object.entries(headerBytes).map(([name, text]) => [name, Buffer.from(text, 'base64')]),
      ]) as Record<string, Buffer>,
      timestamp: timestamp as number | undefined,
    },
    now,
  );
}

function checkedMessage(
  draft: Omit<LineMessage, 'key'> & { key: string | undefined },
  now: number,
): LineVerdict {
  const { topic, value } = draft;
  if (value === null && CATALOG[topic].cleanup === 'delete')
    return refused(
      'message.tombstone',
      'value',
      `is null, but the messages of ${topic} leave it by age alone`,
    );
  const own = value === null ? undefined : keyOf(topic, value);
  const key = draft.key ?? own;
  if (key === undefined) return refused('message.key', 'key', 'is missing, and the record does not name it');
  if (own !== undefined && key !== own)
    return refused('message.key', 'key', `is ${key}, but the record belongs to ${own}`);
  const inKey = idFault(key);
  // The keys of generations and models hold an id, and are a little longer than one.
  if (inKey !== undefined && CATALOG[topic].key.endsWith('Id') && !CATALOG[topic].key.includes('/'))
    return refused('message.key', 'key', inKey);
  const message = { ...draft, key };
  const fault = value === null ? undefined : faultOf(message, value, now);
  return fault === undefined ? { message } : { fault };
}

/** The rules by which the stages reject a message; each of the others is checked by its reader alone. */
function faultOf(
  { topic, key, timestamp = Date.now() }: LineMessage,
  value: RecordTypes[keyof RecordTypes],
  now: number,
): Fault | undefined {
  const logged = { key, timestamp: Math.min(timestamp, now) };
  switch (topic) {
    case 'actions':
      return actionFault({ ...logged, value: value as RecordTypes['UserAction'] });
    case 'interests':
      return interestsFault({ ...logged, value: value as RecordTypes['UserInterests'] });
    case 'proposals':
      return proposalFault({ ...logged, value: value as RecordTypes['Proposal'] });
    case 'slates':
      return slateFault({ ...logged, value: value as RecordTypes['Slate'] });
    case 'rewards':
      return rewardFault(value as RecordTypes['Reward']);
    default:
      return undefined;
  }
}

/** The key that the catalogue gives a record; undefined if the record does not name it. */
function keyOf(topic: TopicName, value: object): string | undefined {
  const record = value as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined =>
    typeof record[name] === 'string' ? record[name] : undefined;
  switch (CATALOG[topic].key) {
    case 'generation/itemId': {
      const [generation, itemId] = [text('generation'), text('itemId')];
      return generation === undefined || itemId === undefined
        ? undefined
        : embeddingKey({ generation, itemId });
    }
    case 'model/generation':
      return `${text('model')}/${text('generation')}`;
    case 'model/generation/part':
      return undefined;
    default:
      return text(CATALOG[topic].key);
  }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

function refused(code: Fault['code'], field: string, reason: string): LineVerdict {
  return { fault: { code, field, reason } };
}
