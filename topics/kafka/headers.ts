import type { IHeaders } from 'kafkajs';

/**
 * The headers of a message by name. Kafka allows a name many times, and the last one counts, as in the Java client. A
 * header may have no value; it is then kept without bytes.
 */
export function readHeaders(headers: IHeaders = {}): Record<string, Buffer> {
  return Object.fromEntries(
    Object.keys(headers).map((name) => [name, Buffer.from(lastValue(headers, name) ?? '')]),
  );
}

/** A header as text; undefined where the message has none of that name, or one without a value. */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  return headers === undefined ? undefined : lastValue(headers, name)?.toString();
}

function lastValue(headers: IHeaders, name: string): Buffer | string | undefined {
  if (!Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  // kafkajs gives null for a header without a value, which its types do not say.
  return last ?? undefined;
}
