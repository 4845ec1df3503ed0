import type { Logger } from 'pino';
import type { Random } from '#algorithms/random.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { BatchHandler } from '#platform/kafka/batches-together.ts';
import { type Consumption, consume } from '#platform/kafka/consumer.ts';
import type { HeldState } from '#platform/kafka/held-state.ts';
import type { StageMetrics } from '#platform/observability/metrics.ts';
import type { TopicName, TopicValue } from '#topics/catalog.ts';
import type { LogRecord } from '../checkers/log-record.ts';
import type { KeyValues, RunCommand } from '../stores/key-values.ts';
import type { Broker } from './broker.ts';
import { createSimulatedKafka } from './kafka-client.ts';
import type { RequestLane, SimulatedProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { decode, encode, partitionFor, recordOf } from './simulated-records.ts';

/** Time after which a follower asks again, ms. */
const FOLLOW_IDLE_MS = 3_000;

/** The inputs and outputs of one process, as `runStage` gives them to a stage. */
export interface SimulatedPorts {
  readonly process: SimulatedProcess;
  readonly kafka: ReturnType<typeof createSimulatedKafka>;
  readonly values: KeyValues;
  readonly run: RunCommand;
  readonly log: Logger;
  /** Aborted when the process drains. */
  readonly signal: AbortSignal;
  produce<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicValue<T> | null,
    timestamp?: number,
  ): Promise<void>;
  /** Sends messages of one partition in one request. */
  produceTogether<T extends TopicName>(
    topic: T,
    values: ReadonlyArray<{ key: string; value: TopicValue<T> }>,
  ): Promise<void>;
  consume<T extends TopicName>(
    group: string,
    handlers: { readonly [N in T]: BatchHandler<TopicValue<N>> },
    options?: { readonly onAssigned?: (partitions: number[]) => void; readonly state?: HeldState },
  ): Promise<Consumption>;
  /** Reads all partitions of a topic and follows them. @returns when the ends at the start are reached */
  follow<T extends TopicName>(topic: T, apply: (message: LogRecord<TopicValue<T>>) => void): Promise<void>;
  /** Reads a partition to its end, in several requests. */
  readAll<T extends TopicName>(topic: T, partition: number): Promise<LogRecord<TopicValue<T>>[]>;
  /** Number of partitions of each topic. */
  readonly partitions: number;
  onDrain(work: () => Promise<void>): void;
}

/** A message that became a dead letter. */
export interface SimulatedLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
}

/** What ports reach of the world. */
export interface PortsOfWorld {
  readonly broker: Broker;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly values: KeyValues;
  readonly letters: SimulatedLetter[];
}

/** The process that uses the ports, and what it has to end when it drains. */
export interface PortsOwner {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly consumptions: Consumption[];
  readonly drains: Array<() => Promise<void>>;
  readonly drain: AbortController;
}

/** Opens the inputs and outputs of a process of the world. */
export function openPorts(
  { broker, scheduler, random, values: stored, letters }: PortsOfWorld,
  { process, consumptions, drains, drain, name }: PortsOwner,
): SimulatedPorts {
  const kafka = createSimulatedKafka({
    broker,
    process,
    random: random.fork(`fetches of ${process.name}`),
  });
  const connection: RequestLane = { lastAt: 0 };
  const lanes = new Map<string, Promise<unknown>>();
  const send = (topic: TopicName, key: string, messages: readonly Buffered[]): Promise<void> => {
    const partition = partitionFor(topic, key, broker.partitions);
    const lane = `${topic}/${partition}`;
    const sent = (lanes.get(lane) ?? Promise.resolve()).then(() =>
      process.request(() => void broker.append(topic, partition, messages), unacknowledged),
    );
    lanes.set(
      lane,
      sent.catch(() => undefined),
    );
    return sent;
  };
  return {
    process,
    kafka,
    values: stored,
    run: (command) => process.request(command, () => new ConnectionLost(), connection),
    log: silent,
    signal: drain.signal,
    partitions: broker.partitions,
    onDrain: (work) => void drains.push(work),
    readAll: async (topic, partition) => {
      const records: LogRecord<never>[] = [];
      for (;;) {
        const from = records.length;
        const found = await process.request(
          () => broker.messages(topic, partition).slice(from, from + 10),
          unacknowledged,
        );
        if (found.length === 0) return records;
        records.push(...found.map((message) => recordOf<never>(partition, message)));
      }
    },
    produce: (topic, key, value, timestamp = scheduler.clock) =>
      send(topic, key, [{ key: Buffer.from(key), value: encode(value), timestamp }]),
    produceTogether: (topic, values) =>
      send(
        topic,
        values[0]!.key,
        values.map(({ key, value }) => ({
          key: Buffer.from(key),
          value: encode(value),
          timestamp: scheduler.clock,
        })),
      ),
    consume: async (group, handlers, options = {}) => {
      const incarnations = random.fork(`incarnations of ${group} of ${process.name}`);
      const consumption = await consume({
        ...options,
        newIncarnation: () => String(incarnations.next()),
        kafka,
        groupId: group === '' ? name.replace(/-\d+$/, '') : group,
        subscriptions: Object.entries(handlers).map(([topic, handle]) => ({
          topic,
          decode: decode as (bytes: Buffer) => never,
          userPartitions: broker.partitions,
          handle: handle as BatchHandler<never>,
        })),
        log: silent,
        metrics: noMetrics,
        deadLetter: (source, rejections) =>
          process.request(() => {
            for (const { message, code } of rejections)
              letters.push({ ...source, offset: Number(message.offset), code });
          }, unacknowledged),
        onFailure: (error) => process.fail(error),
      });
      consumptions.push(consumption);
      return consumption;
    },
    follow: async (topic, apply) => {
      const read = async (partition: number): Promise<void> => {
        const end = await process.request(() => broker.messages(topic, partition).length, unacknowledged);
        let next = 0;
        const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
        const pursue = async (): Promise<void> => {
          for (;;) {
            if (next >= end) resolve();
            const found = await process
              .request(
                () => broker.messages(topic, partition).slice(next, next + 1 + random.integer(4)),
                unacknowledged,
              )
              .catch(() => []);
            for (const message of found) {
              apply(recordOf<never>(partition, message));
              next = message.offset + 1;
            }
            if (found.length === 0) await arrivalIn(broker, scheduler, process, { topic, partition });
          }
        };
        void pursue().catch((error: unknown) => process.fail(error));
        await caughtUp;
      };
      await Promise.all(Array.from({ length: broker.partitions }, (_, partition) => read(partition)));
    },
  };
}

interface Buffered {
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

/** Resolves soon after a message has arrived. */
function arrivalIn(
  broker: Broker,
  scheduler: Scheduler,
  process: SimulatedProcess,
  { topic, partition }: { topic: string; partition: number },
): Promise<void> {
  return new Promise((resolve) => {
    broker.onArrival(topic, partition, () => void scheduler.after(process.latency(), resolve, process));
    scheduler.after(FOLLOW_IDLE_MS, resolve, process);
  });
}

/** The connection to the store was lost for longer than a client waits. */
export class ConnectionLost extends Error {
  constructor() {
    super('Connection is closed.');
    this.name = 'ConnectionLost';
  }
}

function unacknowledged(): Error {
  return new TributaryError('kafka.unacknowledged', 'the log did not confirm the write', { retryable: true });
}

function nothing(): void {}

const silent = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
} as unknown as Logger;
const metric = { inc: nothing, set: nothing, observe: nothing };
const noMetrics = new Proxy({}, { get: () => metric }) as StageMetrics;
