import type { IHeaders } from 'kafkajs';

/**
 * Returns the headers of a message by name. Of several headers of one name the last one counts, as in the Java client.
 * A header without a value has an empty buffer.
 */
export function readHeaders(headers: IHeaders = {}): Record<string, Buffer> {
  return Object.fromEntries(
    Object.keys(headers).map((name) => [name, Buffer.from(lastValue(headers, name) ?? '')]),
  );
}

/** Returns a header as text; undefined if the message has no header of that name, or one without a value. */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  return headers === undefined ? undefined : lastValue(headers, name)?.toString();
}

function lastValue(headers: IHeaders, name: string): Buffer | string | undefined {
  if (!Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  // kafkajs returns null for a header without a value, although its types exclude null.
  return last ?? undefined;
}
