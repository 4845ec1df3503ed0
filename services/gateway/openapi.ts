import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ERROR_REMEDIES } from '#contracts/errors.ts';
import { PROBLEM_TYPE } from '#platform/http/error-body.ts';

const ErrorDescription = Type.Object({
  code: Type.String({
    enum: Object.keys(ERROR_REMEDIES),
    description: 'Names the fault; codes stay the same.',
  }),
  field: Type.Optional(Type.String({ description: 'Path of the field at fault.' })),
  reason: Type.String(),
  remedy: Type.String({ description: 'What to do about it, by the code.' }),
  retryable: Type.Optional(Type.Boolean({ description: 'Whether the same entry may be accepted later.' })),
});

/** The members of RFC 9457 that every error has. */
const PROBLEM = {
  type: Type.String({ description: 'Identifies the kind of the error: its place on this page.' }),
  title: Type.String({ description: 'The code in words.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened, with the value at fault.' }),
  ...Type.Omit(ErrorDescription, ['reason']).properties,
};

/** Body of every error. */
export const ErrorAnswer = Type.Object(
  { ...PROBLEM, error: ErrorDescription },
  {
    examples: [
      {
        type: '/docs#error-field.invalid',
        title: 'Field invalid',
        status: 400,
        detail: 'must be an integer',
        code: 'field.invalid',
        field: 'n',
        remedy: ERROR_REMEDIES['field.invalid'],
        error: {
          code: 'field.invalid',
          field: 'n',
          reason: 'must be an integer',
          remedy: ERROR_REMEDIES['field.invalid'],
        },
      },
    ],
  },
);

const Verdict = Type.Object({
  index: Type.Integer({ description: 'Index of the entry in the body, from 0.' }),
  eventId: Type.Optional(Type.String()),
  itemId: Type.Optional(Type.String()),
  status: Type.Enum(['accepted', 'rejected']),
  partition: Type.Optional(Type.Integer()),
  offset: Type.Optional(Type.Integer({ description: 'Offset in the topic.' })),
  error: Type.Optional(ErrorDescription),
});

const BatchVerdicts = Type.Object({
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  results: Type.Array(Verdict),
  error: Type.Optional(ErrorDescription),
});

const ACCEPTED = { index: 0, eventId: 'order-7-1', status: 'accepted', partition: 3, offset: 1042 };
const MISSING = {
  code: 'field.missing',
  field: 'itemId',
  reason: 'is missing',
  remedy: ERROR_REMEDIES['field.missing'],
};
const ALL_ACCEPTED = { accepted: 1, rejected: 0, results: [ACCEPTED] };
const SOME_ACCEPTED = {
  accepted: 1,
  rejected: 1,
  results: [ACCEPTED, { index: 1, eventId: 'order-7-2', status: 'rejected', error: MISSING }],
};

/** The answer to a batch of which no entry was accepted: with verdicts, if the body could be read. */
const Refused = Type.Object({
  ...PROBLEM,
  ...Type.Partial(BatchVerdicts).properties,
  error: ErrorDescription,
});

/** Answers that every route can give. */
const COMMON_ERRORS = {
  400: problem(ErrorAnswer, 'The request or a field of it is invalid.'),
  404: problem(ErrorAnswer, 'There is no such route.'),
  408: problem(ErrorAnswer, 'The request did not arrive within 30 s.'),
  414: problem(ErrorAnswer, 'A segment of the path is too long.'),
  431: problem(ErrorAnswer, 'The URL and headers exceed 16 KiB.'),
  500: problem(ErrorAnswer, 'An unexpected error.'),
};

/** The answers of a route that queries other stages. */
export function readAnswers(
  answer: TSchema,
  { unknown, isPolled = false }: { readonly unknown?: string; readonly isPolled?: boolean } = {},
): object {
  return {
    200: answer,
    ...(isPolled
      ? { 304: { type: 'null', description: 'The answer still has the ETag that if-none-match names.' } }
      : {}),
    ...COMMON_ERRORS,
    ...(unknown === undefined ? {} : { 404: problem(ErrorAnswer, unknown) }),
    503: problem(
      ErrorAnswer,
      'Another stage does not answer or too many requests wait for it; try again after retry-after.',
    ),
  };
}

/** Documents a route that accepts a batch; the handler validates each entry, so fastify does not. */
export function batchRoute(operationId: string, summary: string, body: TSchema): object {
  return {
    schema: {
      operationId,
      summary,
      body,
      response: {
        202: described(BatchVerdicts, 'All accepted: in the log on every in-sync replica.', ALL_ACCEPTED),
        207: described(BatchVerdicts, 'Some accepted; each entry has its verdict.', SOME_ACCEPTED),
        ...COMMON_ERRORS,
        400: problem(
          Refused,
          'None accepted: each entry has its verdict, unless the body could not be read.',
        ),
        403: problem(ErrorAnswer, 'The request comes from a page whose origin may not write.'),
        413: problem(ErrorAnswer, 'More than 1,000 entries or more than 1 MiB, also after decompression.'),
        415: problem(
          ErrorAnswer,
          'The body is not application/json (for actions also text/plain) in UTF-8, plain or gzip.',
        ),
        417: problem(ErrorAnswer, 'The header expect asks for something else than 100-continue.'),
        500: problem(Refused, 'None accepted: an unexpected error.'),
        503: problem(
          Refused,
          'None accepted, because Kafka did not confirm or too many requests are in flight; send again after retry-after.',
        ),
      },
    },
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
  };
}

function described(schema: TSchema, description: string, example: object): object {
  return { ...schema, description, examples: [example] };
}

/** An error in the media type of RFC 9457. */
function problem(schema: TSchema, description: string): object {
  return { description, content: { [PROBLEM_TYPE]: { schema } } };
}

/** Serves `GET /openapi.json`, and `/docs`, which renders it; register it before the routes that it describes. */
export async function addOpenApi(http: FastifyInstance): Promise<void> {
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tributary',
        version: '1',
        description:
          'Post the actions of users; read recommendations that reflect them within a fraction of a second. ' +
          'Every error has the same shape (RFC 9457), that of bytes that are no request too.\n\n' +
          'Codes and their remedies:\n' +
          Object.entries(ERROR_REMEDIES)
            .map(([code, remedy]) => `- <a id="error-${code}"></a>\`${code}\`: ${remedy}`)
            .join('\n'),
      },
    },
  });
  http.get('/openapi.json', { schema: { hide: true } }, async () => http.swagger());
  await http.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Tributary API' },
    uiConfig: { layout: 'BaseLayout' },
    staticCSP: true,
    // Its pages style elements in place, and need nothing from elsewhere.
    transformStaticCSP: (policy) =>
      policy.replaceAll(' https:', '').replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
  });
}
