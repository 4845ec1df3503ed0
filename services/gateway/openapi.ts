import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { ERROR_REMEDIES } from '#contracts/errors.ts';

const ErrorDescription = Type.Object({
  code: Type.String({ enum: Object.keys(ERROR_REMEDIES) }),
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

/** Documents a route that accepts a batch; the handler validates each entry, so fastify does not. */
export function batchRoute(summary: string, body: TSchema): object {
  return {
    schema: {
      summary,
      body,
      response: {
        202: described(BatchVerdicts, 'All accepted: in the log on every in-sync replica.'),
        207: described(BatchVerdicts, 'Some accepted; each entry has its verdict.'),
        400: described(BatchVerdicts, 'None accepted.'),
        413: described(ErrorAnswer, 'More than 1,000 entries or more than 1 MiB.'),
        415: described(ErrorAnswer, 'The body is not application/json.'),
        503: described(BatchVerdicts, 'None accepted, because Kafka did not confirm; send again.'),
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
          'Post the actions of users; read recommendations that reflect them within a fraction of a second.',
      },
    },
  });
  http.get('/openapi.json', { schema: { hide: true } }, async () => http.swagger());
}
