import type { DeadLetter } from '#contracts/generated/records.ts';

/** Bytes of a letter beside the fields that are cut: the other fields, and the lengths that Avro writes. */
const FRAME_BYTES = 1_024;
const MAX_REASON_CHARACTERS = 2_000;

/**
 * Returns the letter so short that its encoded value has at most `maxBytes`. The headers, and then the key, keep at most a
 * quarter of the space each, and the value keeps the rest. A letter that is cut says so in `messageBytes`.
 * @param maxBytes at least 4 KiB
 */
export function cutLetter(letter: DeadLetter, maxBytes: number): DeadLetter {
  const { key, value, headers } = letter;
  const reason = wellFormed(letter.reason.slice(0, MAX_REASON_CHARACTERS));
  const messageBytes = sizeOf(key) + sizeOf(value) + headerBytes(headers);
  const available = maxBytes - FRAME_BYTES - Buffer.byteLength(reason);
  const overhead = Object.keys(headers).length * HEADER_OVERHEAD_BYTES;
  if (messageBytes + overhead <= available) return { ...letter, reason };
  const kept = cutHeaders(headers, available / 4);
  const keptKey = cut(key, available / 4);
  const left =
    available - headerBytes(kept) - Object.keys(kept).length * HEADER_OVERHEAD_BYTES - sizeOf(keptKey);
  return { ...letter, reason, key: keptKey, value: cut(value, left), headers: kept, messageBytes };
}

/** Each of the two lengths of a header takes at most five bytes. */
const HEADER_OVERHEAD_BYTES = 10;

type Headers = DeadLetter['headers'];

/** The first headers that fit. */
function cutHeaders(headers: Headers, maxBytes: number): Headers {
  let bytes = 0;
  const entries: Array<[string, Buffer]> = [];
  for (const [name, value] of Object.entries(headers)) {
    bytes += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + value.length;
    if (bytes > maxBytes) break;
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}

function headerBytes(headers: Headers): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += Buffer.byteLength(name) + value.length;
  return bytes;
}

function cut(bytes: Buffer | null, maxBytes: number): Buffer | null {
  return bytes === null ? null : bytes.subarray(0, Math.max(0, Math.floor(maxBytes)));
}

function sizeOf(bytes: Buffer | null): number {
  return bytes?.length ?? 0;
}

/** The cut may have split a surrogate pair. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
