// A service that takes orders and tracks each line as a purchase:
//
//   npx node deploy/examples/orders-service.ts http://localhost:18080 3000
//   curl -X POST localhost:3000/orders -d '{"orderId":"7","userId":"2375","lines":[{"itemId":"1082185","quantity":2}]}'

import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from 'tributary/client';

interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly lines: ReadonlyArray<{ readonly itemId: string; readonly quantity: number }>;
}

const [gateway = 'http://localhost:18080', port = '0'] = process.argv.slice(2);

const tributary = createClient({
  url: gateway,
  // Events outlive a crash of this process.
  queueFile: join(tmpdir(), `orders-${port}.queue`),
  onVerdict(verdict) {
    if (verdict.status === 'accepted') console.log(`tracked ${verdict.id} at offset ${verdict.offset}`);
    else console.error(`${verdict.status} ${verdict.id}: ${verdict.error.reason}`);
  },
});

const server = createServer(async (request, response) => {
  const { orderId, userId, lines } = JSON.parse(await text(request)) as Order;
  // Back-pressure: an order waits while events come faster than the gateway accepts them.
  await tributary.ready();
  for (const [index, { itemId, quantity }] of lines.entries()) {
    // The id comes from the order, so that an order that is sent twice counts once. Nobody waits for the verdict.
    const eventId = `order-${orderId}-${index}`;
    void tributary.track({ eventId, userId, itemId, type: 'buy', contextId: orderId, value: quantity });
  }
  response.writeHead(201).end();
});

server.listen(Number(port), () => console.log('listening at', server.address()));

process.once('SIGTERM', async () => {
  server.close();
  await tributary.close();
  process.exit(0);
});
