import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ERROR_REMEDIES } from '#contracts/errors.ts';

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

/** Body of every error. */
export const ErrorAnswer = Type.Object({ error: ErrorDescription });

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

/** The answer to a batch of which no entry was accepted: with verdicts, if the body could be read. */
const Refused = Type.Object({
  ...Type.Partial(BatchVerdicts).properties,
  error: ErrorDescription,
});

/** Answers that every route can give. */
const COMMON_ERRORS = {
  400: described(ErrorAnswer, 'The request or a field of it is invalid.'),
  404: described(ErrorAnswer, 'There is no such route.'),
  408: described(ErrorAnswer, 'The request did not arrive within 30 s.'),
  414: described(ErrorAnswer, 'A segment of the path is too long.'),
  431: described(ErrorAnswer, 'The URL and headers exceed 16 KiB.'),
  500: described(ErrorAnswer, 'An unexpected error.'),
};

/** The answers of a route that queries other stages. */
export function readAnswers(answer: TSchema, unknown?: string): object {
  return {
    200: answer,
    ...COMMON_ERRORS,
    ...(unknown === undefined ? {} : { 404: described(ErrorAnswer, unknown) }),
    503: described(
      ErrorAnswer,
      'Another stage does not answer or too many requests wait for it; try again after retry-after.',
    ),
  };
}

/** Documents a route that accepts a batch; the handler validates each entry, so fastify does not. */
export function batchRoute(summary: string, body: TSchema): object {
  return {
    schema: {
      summary,
      body,
      response: {
        202: described(BatchVerdicts, 'All accepted: in the log on every in-sync replica.'),
        207: described(BatchVerdicts, 'Some accepted; each entry has its verdict.'),
        ...COMMON_ERRORS,
        400: described(
          Refused,
          'None accepted: each entry has its verdict, unless the body could not be read.',
        ),
        413: described(ErrorAnswer, 'More than 1,000 entries or more than 1 MiB, also after decompression.'),
        415: described(ErrorAnswer, 'The body is not application/json in UTF-8, plain or gzip.'),
        417: described(ErrorAnswer, 'The header expect asks for something else than 100-continue.'),
        500: described(Refused, 'None accepted: an unexpected error.'),
        503: described(
          Refused,
          'None accepted, because Kafka did not confirm or too many requests are in flight; send again after retry-after.',
        ),
      },
    },
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
  };
}

function described(schema: TSchema, description: string): object {
  return { ...schema, description };
}

/** Serves `GET /openapi.json`; register it before the routes that it describes. */
export async function addOpenApi(http: FastifyInstance): Promise<void> {
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tributary',
        version: '1',
        description:
          'Post the actions of users; read recommendations that reflect them within a fraction of a second. ' +
          'Every error has the same shape, that of bytes that are no request too.\n\n' +
          'Codes and their remedies:\n' +
          Object.entries(ERROR_REMEDIES)
            .map(([code, remedy]) => `- \`${code}\`: ${remedy}`)
            .join('\n'),
      },
    },
  });
  http.get('/openapi.json', { schema: { hide: true } }, async () => http.swagger());
}
