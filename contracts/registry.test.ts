import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { SCHEMAS } from './generated/records.ts';
import { createRegistry, type Registry, RegistryRefused, RegistryUnavailable } from './registry.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Runs `work` with a registry client whose server answers with `answer`, over a real socket. */
async function withServer(
  answer: Answer,
  work: (registry: Registry, port: number) => Promise<void>,
): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await work(
      createRegistry({ url: `http://name:p%40ss@127.0.0.1:${port}/api/`, attempts: 2, backoffMs: 1 }),
      port,
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const json =
  (status: number, body: object): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

const unavailable = (reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RegistryUnavailable);
  assert.equal(error.retryable, true);
  assert.match(error.message, reason);
  return true;
};

describe('registry client', () => {
  it('an unreachable server is reported with its address and the remedy', async () => {
    let port = 0;
    await withServer(json(200, {}), async (_registry, used) => {
      port = used;
    });
    const registry = createRegistry({ url: `http://127.0.0.1:${port}`, attempts: 2, backoffMs: 1 });
    const reason = new RegExp(`http://127.0.0.1:${port} does not answer .*ECONNREFUSED.*SCHEMA_REGISTRY_URL`);
    await assert.rejects(registry.schemaOf(1), unavailable(reason));
  });

  it('a server error is retried, and reported as unavailable after the last attempt', async () => {
    let requests = 0;
    const recovering: Answer = (request, response) => {
      requests++;
      json(requests === 1 ? 503 : 200, { schema: '"string"', message: 'starting' })(request, response);
    };
    await withServer(recovering, async (registry) => {
      assert.equal(await registry.schemaOf(1), 'string');
      assert.equal(requests, 2);
    });
    await withServer(json(500, { message: 'storage is down' }), async (registry) => {
      await assert.rejects(registry.schemaOf(1), unavailable(/status 500: storage is down/));
    });
  });

  it('a conflict with the same setting of another client is retried', async () => {
    let requests = 0;
    const racing: Answer = (request, response) => {
      requests++;
      json(requests === 1 ? 409 : 200, { message: 'exists', compatibility: 'NONE' })(request, response);
    };
    await withServer(racing, async (registry) => {
      await registry.setCompatibility('actions-value');
      assert.equal(requests, 2);
    });
  });

  it('a server that does not answer in time is reported as unavailable', async () => {
    await withServer(
      () => undefined,
      async (_registry, port) => {
        const registry = createRegistry({ url: `http://127.0.0.1:${port}`, attempts: 1, timeoutMs: 20 });
        await assert.rejects(registry.schemaOf(1), unavailable(/timeout/));
      },
    );
  });

  it('an incomplete response is retried', async () => {
    let requests = 0;
    const faltering: Answer = (request, response) => {
      requests++;
      if (requests === 1) response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      else json(200, { id: 7 })(request, response);
    };
    await withServer(faltering, async (_registry, port) => {
      const registry = createRegistry({ url: `http://127.0.0.1:${port}`, backoffMs: 1, timeoutMs: 500 });
      assert.equal(await registry.latestId('s'), 7);
    });
    assert.equal(requests, 2);
  });

  it('a 404 of another server is not treated as a missing schema', async () => {
    const page: Answer = (_request, response) => response.writeHead(404).end('<h1>Not found</h1>');
    await withServer(page, async (registry) => {
      await assert.rejects(registry.schemaOf(1), unavailable(/not a Schema Registry/));
    });
    await withServer(json(404, { error: 'no route' }), async (registry) => {
      await assert.rejects(registry.schemaOf(1), unavailable(/\/apis\/ccompat\/v7/));
    });
  });

  it('a response without a required field is rejected', async () => {
    await withServer(json(200, { version: 1 }), async (registry) => {
      await assert.rejects(registry.latestId('s'), unavailable(/without id/));
    });
  });

  it('the reason of a rejection is passed on, and the request is not retried', async () => {
    let requests = 0;
    const conflict: Answer = (request, response) => {
      requests++;
      json(409, { error_code: 409, message: 'incompatible: note' })(request, response);
    };
    await withServer(conflict, async (registry) => {
      await assert.rejects(registry.register('s', SCHEMAS.Reward), (error) => {
        assert.ok(error instanceof RegistryRefused);
        assert.match(
          error.message,
          /refused POST \/subjects\/s\/versions with status 409: incompatible: note/,
        );
        return true;
      });
      assert.equal(requests, 1);
    });
  });

  it('the credentials of the address are sent in a header, and shown nowhere', async () => {
    let authorization: string | undefined;
    let path: string | undefined;
    const answer: Answer = (request, response) => {
      ({ authorization } = request.headers);
      path = request.url;
      json(403, { message: 'no right' })(request, response);
    };
    await withServer(answer, async (registry) => {
      await assert.rejects(
        registry.latestId('shop/actions-value'),
        (error: Error) => !error.message.includes('ss@'),
      );
      assert.equal(authorization, `Basic ${Buffer.from('name:p@ss').toString('base64')}`);
      assert.equal(path, '/api/subjects/shop%2Factions-value/versions/latest');
      assert.doesNotMatch(registry.address, /name|ss/);
    });
  });
});
