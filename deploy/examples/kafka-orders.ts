// Produces one purchase straight to Kafka: npx node deploy/examples/kafka-orders.ts BROKERS REGISTRY [NAMESPACE]

import { createActionProducer } from 'tributary/kafka';

const [brokers = '127.0.0.1:19092', registryUrl = 'http://127.0.0.1:18081/apis/ccompat/v7', namespace = ''] =
  process.argv.slice(2);

const producer = await createActionProducer({ brokers: brokers.split(','), registryUrl, namespace });
const { eventId, partition, offset } = await producer.produce({
  eventId: 'kafka-order-7-0',
  userId: '2375',
  itemId: '1082185',
  type: 'buy',
  contextId: 'order-7',
  value: 2,
});
console.log(`${eventId} is in partition ${partition} at offset ${offset}`);
await producer.close();
