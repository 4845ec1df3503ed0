import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import { reasonOf, TributaryError } from '#contracts/errors.ts';

interface Session {
  readonly producer: Promise<Producer>;
  uses: number;
}

/**
 * The current kafkajs producer. A producer with a failed write is never used again: kafkajs would give other messages
 * the sequence numbers of those with an unknown outcome, and a broker that has the earlier ones would treat the new
 * ones as duplicates, confirm them and drop them.
 */
export function createSessions(kafka: Kafka) {
  let current = open();

  function open(): Session {
    const producer = connectProducer(kafka);
    // The next user of the session handles the error; until then nobody awaits it.
    producer.catch(() => undefined);
    return { producer, uses: 0 };
  }

  async function disconnect({ producer }: Session): Promise<void> {
    await producer.then((connected) => connected.disconnect()).catch(() => undefined);
  }

  return {
    /** @throws TributaryError `kafka.unreachable` */
    async connect(): Promise<void> {
      await current.producer;
    },
    async use<T>(work: (producer: Producer) => Promise<T>): Promise<T> {
      const session = current;
      session.uses += 1;
      try {
        return await work(await session.producer);
      } catch (error) {
        if (session === current) current = open();
        throw error;
      } finally {
        session.uses -= 1;
        if (session !== current && session.uses === 0) void disconnect(session);
      }
    },
    close: () => disconnect(current),
  };
}

async function connectProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    metadataMaxAge: 60_000,
  });
  try {
    await producer.connect();
  } catch (cause) {
    throw new TributaryError('kafka.unreachable', reasonOf(cause), { cause, retryable: true, status: 503 });
  }
  return producer;
}
