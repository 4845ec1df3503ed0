/** Longest line, in bytes; a record in the log has at most 1 MiB, and base64 and escapes make it longer. */
export const MAX_LINE_BYTES = 16 * 1_048_576;

const NEWLINE = 0x0a;

/**
 * Splits bytes into lines without their ends, so that the bytes of a line can be judged before they become text. Of a line that is
 * longer than the limit its beginning is yielded, which is longer than the limit too, and the rest is skipped: memory stays bounded,
 * and the line counts once.
 */
export async function* byteLines(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let rest: Buffer[] = [];
  let length = 0;
  let isSkipping = false;
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      rest.push(chunk.subarray(from, end));
      if (!isSkipping) yield Buffer.concat(rest);
      rest = [];
      length = 0;
      isSkipping = false;
      from = end + 1;
    }
    if (isSkipping) continue;
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > MAX_LINE_BYTES) {
      yield Buffer.concat(rest);
      rest = [];
      length = 0;
      isSkipping = true;
    }
  }
  if (rest.some((part) => part.length > 0)) yield Buffer.concat(rest);
}
