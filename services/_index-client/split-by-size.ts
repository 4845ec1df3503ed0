/** Half of what the body of a request may have, with room for the rest of it. */
const PART_BYTES = 524_288;

/** At least one part, the JSON of each well below the largest body; an entry is never split. */
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
