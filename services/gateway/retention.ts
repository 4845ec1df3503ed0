import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';

/** ConfigResourceTypes.TOPIC, which kafkajs does not export to ES modules. */
const TOPIC_RESOURCE = 2;
/** Time between two looks at the retention of the topic, in milliseconds. */
const EVERY_MS = 60_000;
/** Shortest time between two looks because actions seem too old, in milliseconds. */
const AGAIN_MS = 1_000;

export interface Retention {
  /** Age from which the log deletes messages, in milliseconds; Infinity if it keeps them for ever. */
  readonly maxAgeMs: number;
  /** Looks again if the last look was a second ago or more, so that a longer retention counts at once. */
  lookAgain(): Promise<void>;
  close(): void;
}

/**
 * The retention of a topic as the brokers have it, looked up at the start, every minute, and before an action is refused
 * as too old: an operator lengthens it before an older history is loaded. While the brokers do not answer, the last known one holds.
 * @param options.topic qualified name
 * @param options.fallbackMs retention until the brokers have answered, in milliseconds
 */
export async function followRetention(options: {
  kafka: Kafka;
  topic: string;
  fallbackMs: number;
  log: Logger;
  everyMs?: number;
}): Promise<Retention> {
  const { kafka, topic, fallbackMs, log, everyMs = EVERY_MS } = options;
  let maxAgeMs = fallbackMs;
  let lastLook = { at: Number.NEGATIVE_INFINITY, done: Promise.resolve() };
  function look(): Promise<void> {
    lastLook = { at: performance.now(), done: ask() };
    return lastLook.done;
  }
  async function ask(): Promise<void> {
    try {
      maxAgeMs = (await readRetention(kafka, topic)) ?? maxAgeMs;
    } catch (error) {
      log.debug({ topic, reason: reasonOf(error) }, 'the retention of the topic could not be read');
    }
  }
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  async function lookAndSchedule(): Promise<void> {
    await look();
    if (!isClosed) timer = setTimeout(() => void lookAndSchedule(), everyMs).unref();
  }
  await lookAndSchedule();
  return {
    get maxAgeMs() {
      return maxAgeMs;
    },
    lookAgain: () => (performance.now() - lastLook.at < AGAIN_MS ? lastLook.done : look()),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

async function readRetention(kafka: Kafka, topic: string): Promise<number | undefined> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const resources = [{ type: TOPIC_RESOURCE, name: topic, configNames: ['retention.ms'] }];
    const { resources: described } = await admin.describeConfigs({ includeSynonyms: false, resources });
    const text = described[0]?.configEntries.find(
      ({ configName }) => configName === 'retention.ms',
    )?.configValue;
    const retentionMs = Number(text ?? Number.NaN);
    if (Number.isNaN(retentionMs)) return undefined;
    return retentionMs < 0 ? Number.POSITIVE_INFINITY : retentionMs;
  } finally {
    await admin.disconnect();
  }
}
