import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connectIndex } from './connect.ts';
import type { IndexClient } from './index-client.ts';

/** Names of properties that every object has. */
const INHERITED = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe('what the index answers by item', () => {
  let server: Server;
  let index: IndexClient;
  let answer = '{}';

  before(async () => {
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    index = connectIndex({ urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
  });

  after(async () => {
    await index.close();
    server.close();
  });

  it('holds no item that was not answered, whatever its id', async () => {
    answer = '{"vectors":{},"items":{}}';
    const [vectors, items] = [await index.vectors('g1', INHERITED), await index.items(INHERITED)];
    for (const itemId of INHERITED) {
      assert.equal(vectors[itemId], undefined, itemId);
      assert.equal(items[itemId], undefined, itemId);
    }
  });

  it('holds the items that were answered, whatever their ids', async () => {
    const vectors = Object.fromEntries(INHERITED.map((itemId) => [itemId, `vector of ${itemId}`]));
    answer = JSON.stringify({ vectors });
    assert.deepEqual({ ...(await index.vectors('g1', INHERITED)) }, vectors);
  });
});
