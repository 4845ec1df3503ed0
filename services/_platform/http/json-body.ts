import { isUtf8 } from 'node:buffer';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TributaryError } from '#contracts/errors.ts';

/** The maximum size of a request body, in bytes, as sent and after decompression. */
export const MAX_BODY_BYTES = 1_048_576;

/**
 * Lets a server read bodies of `application/json` and no others: UTF-8, plain or with content-encoding gzip. Keys such as
 * `__proto__` become ordinary keys, which the schema of a route then rejects by name. Of a key that stands twice in one object
 * the last counts. Errors are `body.malformed` (400), `body.too-large` (413) and `body.encoding` (415).
 */
export function acceptJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  acceptJsonAs(server, 'application/json');
}

/** Lets a server, or the routes of one plugin, read JSON that comes under this media type too, by the same rules. */
export function acceptJsonAs(server: FastifyInstance, mediaType: string): void {
  server.addContentTypeParser<Buffer>(
    mediaType,
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void) => {
      const encoding = contentEncodingOf(request);
      demandUtf8(request.headers['content-type']);
      if (encoding === 'identity') return done(null, parseJson(body));
      gunzip(body, { maxOutputLength: MAX_BODY_BYTES }, (error, plain) => {
        try {
          if (error !== null) throw gzipError(error);
          done(null, parseJson(plain));
        } catch (refusal) {
          done(refusal as Error);
        }
      });
    },
  );
}

/** @throws TributaryError `body.malformed` if the bytes are not UTF-8 or not JSON */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  // Otherwise each broken byte becomes the same replacement character, and two ids become one.
  if (!isUtf8(bytes)) {
    throw malformed(`byte ${firstDifference(bytes, Buffer.from(text))} of the body is not UTF-8`);
  }
  if (text === '') throw malformed('the body is empty');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    throw malformed(`the body is not JSON: ${(error as Error).message}`);
  }
}

function contentEncodingOf({ headers }: FastifyRequest): 'identity' | 'gzip' {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return 'identity';
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip';
  const reason = `content-encoding ${encoding} is not supported: send the body plain or with gzip`;
  throw new TributaryError('body.encoding', reason, { status: 415 });
}

/** The parameter charset is not defined for JSON, but a client that names another one would be misread. */
function demandUtf8(contentType = ''): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1];
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return;
  throw new TributaryError('body.encoding', `charset ${charset} is not supported: send UTF-8`, {
    status: 415,
  });
}

function gzipError(error: NodeJS.ErrnoException): TributaryError {
  if (error.code !== 'ERR_BUFFER_TOO_LARGE') return malformed(`the body is not gzip: ${error.message}`);
  return new TributaryError(
    'body.too-large',
    `a body may have at most ${MAX_BODY_BYTES} bytes decompressed`,
    {
      status: 413,
    },
  );
}

function malformed(reason: string): TributaryError {
  return new TributaryError('body.malformed', reason, { status: 400 });
}

function firstDifference(a: Buffer, b: Buffer): number {
  const place = a.findIndex((byte, index) => byte !== b[index]);
  return place < 0 ? a.length : place;
}
