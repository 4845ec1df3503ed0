/** Half of the largest request body, which leaves room for the other fields. */
const PART_BYTES = 524_288;

/** Splits entries into at least one part, each with JSON well below the largest body; an entry is never split. */
export function splitBySize<T>(entries: readonly T[], limit = PART_BYTES): T[][] {
  const parts: T[][] = [[]];
  let size = 0;
  for (const entry of entries) {
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (size > 0 && size + bytes > limit) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(entry);
    size += bytes;
  }
  return parts;
}
