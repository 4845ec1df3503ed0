/** Longest line, in bytes; a record in the log has at most 1 MiB, and base64 and escapes make it longer. */
export const MAX_LINE_BYTES = 16 * 1_048_576;

const NEWLINE = 0x0a;

/** Splits bytes into lines without their ends, so that the bytes of a line can be judged before they become text. */
export async function* byteLines(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      rest.push(chunk.subarray(from, end));
      yield Buffer.concat(rest);
      rest = [];
      length = 0;
      from = end + 1;
    }
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    // What is longer is no line of ours; its beginning stands for it, so that the memory stays bounded.
    if (length > MAX_LINE_BYTES) {
      yield Buffer.concat(rest);
      rest = [];
      length = 0;
    }
  }
  if (rest.some((part) => part.length > 0)) yield Buffer.concat(rest);
}
