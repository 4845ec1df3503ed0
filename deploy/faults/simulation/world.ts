import type { Logger } from 'pino';
import type { Random } from '#algorithms/random.ts';
import { DecodeError } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import { type Consumption, consume, type IncomingBatch } from '#platform/kafka/consumer.ts';
import type { HeldState } from '#platform/kafka/held-state.ts';
import type { StageMetrics } from '#platform/observability/metrics.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { LogRecord } from '../checkers/log-record.ts';
import { KeyValues, type RunCommand } from '../stores/key-values.ts';
import { Broker, type StoredMessage } from './broker.ts';
import { createSimulatedKafka } from './kafka-client.ts';
import { NO_FAULTS, type RequestFaults, type RequestLane, SimulatedProcess } from './process.ts';
import { Scheduler } from './scheduler.ts';

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
    handlers: { readonly [N in T]: (batch: IncomingBatch<TopicValue<N>>) => Promise<void> },
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

export type Boot = (ports: SimulatedPorts) => Promise<void>;

/** A process and what starts it again. */
interface Supervised {
  readonly name: string;
  readonly boot: Boot;
  process: SimulatedProcess;
  consumptions: Consumption[];
  drains: Array<() => Promise<void>>;
  drain: AbortController;
  starts: number;
}

/** The start of every simulation, ms. */
export const START = Date.parse('2026-03-01T00:00:00Z');
const FOLLOW_IDLE_MS = 3_000;
const POISON = Buffer.from('poison');

/** A log, a store and processes in virtual time. */
export class World {
  readonly scheduler: Scheduler;
  readonly broker: Broker;
  readonly values = new KeyValues();
  readonly random: Random;
  readonly letters: Array<{ topic: string; partition: number; offset: number; code: string }> = [];
  /** What happened, for the reader of a failed seed. */
  readonly story: string[] = [];
  /** Errors with which processes ended that no fault explains. */
  readonly exits: string[] = [];
  readonly #supervised: Supervised[] = [];
  #faults: RequestFaults = NO_FAULTS;

  constructor(random: Random, partitions: number) {
    this.random = random;
    this.scheduler = new Scheduler(START, random.fork('order'));
    this.broker = new Broker(this.scheduler, partitions);
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#supervised.map(({ process }) => process);
  }

  set faults(faults: RequestFaults) {
    this.#faults = faults;
    for (const { process } of this.#supervised) process.faults = faults;
  }

  tell(what: string): void {
    this.story.push(`${((this.scheduler.now - START) / 1_000).toFixed(3)} s: ${what}`);
  }

  /** Starts a process, and starts it again whenever it ends. */
  supervise(name: string, boot: Boot): void {
    const process = this.#newProcess(name, 1);
    const one: Supervised = {
      name,
      boot,
      process,
      consumptions: [],
      drains: [],
      drain: new AbortController(),
      starts: 1,
    };
    this.#supervised.push(one);
    this.#start(one);
  }

  /** How often a process ended. */
  get restarts(): number {
    return this.#supervised.reduce((sum, { starts }) => sum + starts - 1, 0);
  }

  /** Deletes a topic, and creates it again a moment later. */
  makeAnew(topic: TopicName): void {
    this.broker.delete(topic);
    const pause = this.random.next() < 0.5 ? 0 : 500 * this.random.next();
    if (pause === 0) this.broker.create(topic);
    else this.scheduler.after(pause, () => this.broker.create(topic), null);
  }

  kill(index: number, reason: unknown): void {
    this.#supervised[index]!.process.fail(reason);
  }

  /** Stops the process as SIGTERM does, and starts it again. */
  restart(index: number): void {
    const one = this.#supervised[index]!;
    const { process, consumptions, drains, drain } = one;
    const stop = async (): Promise<void> => {
      drain.abort();
      await Promise.all(consumptions.map((each) => each.stop()));
      await Promise.all(drains.map((work) => work()));
      process.fail('drained');
    };
    this.scheduler.after(0, () => void stop().catch((error: unknown) => process.fail(error)), process);
  }

  /** The connections to the store are new. */
  reconnect(): void {
    for (const { process, consumptions } of this.#supervised) {
      const compare = (): void => {
        for (const each of consumptions) each.compareState();
      };
      this.scheduler.after(process.latency(), compare, process);
    }
  }

  /** Writes messages of the world outside; they are in the log at once. */
  write<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicValue<T> | null,
    timestamp = this.scheduler.now,
  ): void {
    const partition = partitionFor(topic, key, this.broker.partitions);
    // While the topic is not there, no producer gets an acknowledgement.
    if (this.broker.idOf(topic) === undefined) return;
    this.broker.append(topic, partition, [{ key: Buffer.from(key), value: encode(value), timestamp }]);
  }

  /** Names the partition of a user, and the topics of the moment. */
  partitionOf(userId: string): string {
    return `${this.broker.idOf('rewards')}.${partitionOfKey(userId, this.broker.partitions)}`;
  }

  poison(topic: TopicName, key: string): void {
    const partition = partitionFor(topic, key, this.broker.partitions);
    if (this.broker.idOf(topic) === undefined) return;
    const message = { key: Buffer.from(key), value: POISON, timestamp: this.scheduler.now };
    this.broker.append(topic, partition, [message]);
  }

  /** The decodable messages of a topic. */
  read<T extends TopicName>(topic: T): LogRecord<TopicValue<T>>[] {
    const records: LogRecord<TopicValue<T>>[] = [];
    for (let partition = 0; partition < this.broker.partitions; partition++)
      for (const message of this.broker.messages(topic, partition))
        if (!message.value?.equals(POISON)) records.push(recordOf<TopicValue<T>>(partition, message));
    return records;
  }

  #newProcess(name: string, start: number): SimulatedProcess {
    const process = new SimulatedProcess(
      `${name}.${start}`,
      this.scheduler,
      this.random.fork(`${name}.${start}`),
    );
    process.faults = this.#faults;
    return process;
  }

  #start(one: Supervised): void {
    const { process } = one;
    process.onExit = (reason) => {
      if (reason instanceof Error && !isExpected(reason)) this.exits.push(`${process.name}: ${reason.stack}`);
      this.tell(`${process.name} ends: ${reason instanceof Error ? reason.message : String(reason)}`);
      const pause = 500 + 4_000 * this.random.next();
      this.scheduler.after(
        pause,
        () => {
          one.starts += 1;
          one.process = this.#newProcess(one.name, one.starts);
          one.process.clockShift = process.clockShift;
          one.consumptions = [];
          one.drains = [];
          one.drain = new AbortController();
          this.#start(one);
        },
        null,
      );
    };
    const boot = (): void => void one.boot(this.#portsOf(one)).catch((error: unknown) => process.fail(error));
    this.scheduler.after(0, boot, process);
  }

  #portsOf({ process, consumptions, drains, drain, name }: Supervised): SimulatedPorts {
    const { broker, scheduler } = this;
    const kafka = createSimulatedKafka({
      broker,
      process,
      random: this.random.fork(`fetches of ${process.name}`),
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
      values: this.values,
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
        const consumption = await consume({
          ...options,
          kafka,
          groupId: group === '' ? name.replace(/-\d+$/, '') : group,
          subscriptions: Object.entries(handlers).map(([topic, handle]) => ({
            topic,
            decode: decode as (bytes: Buffer) => never,
            userPartitions: broker.partitions,
            handle: handle as (batch: IncomingBatch<never>) => Promise<void>,
          })),
          log: silent,
          metrics: noMetrics,
          deadLetter: (source, rejections) =>
            process.request(() => {
              for (const { message, code } of rejections)
                this.letters.push({ ...source, offset: Number(message.offset), code });
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
                  () => broker.messages(topic, partition).slice(next, next + 1 + this.random.integer(4)),
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
}

/** Topics of one partition have one here too, because their readers rely on one order. */
function partitionFor(topic: TopicName, key: string, partitions: number): number {
  return CATALOG[topic].partitions === 1 ? 0 : partitionOfKey(key, partitions);
}

function recordOf<V>(partition: number, { key, value, offset, timestamp }: StoredMessage): LogRecord<V> {
  const decoded = value === null ? null : (decode(value) as V);
  return { partition, offset, key: key?.toString() ?? '', timestamp, value: decoded };
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
class ConnectionLost extends Error {
  constructor() {
    super('Connection is closed.');
    this.name = 'ConnectionLost';
  }
}

function unacknowledged(): Error {
  return new TributaryError('kafka.unacknowledged', 'the log did not confirm the write', { retryable: true });
}

/** Whether an injected fault ends a process with this error. */
function isExpected(error: Error): boolean {
  return error instanceof ConnectionLost || error instanceof TributaryError || /broker/.test(error.message);
}

function encode(value: unknown): Buffer | null {
  return value === null ? null : Buffer.from(JSON.stringify(value));
}

/** Each reader gets an object of its own, as from the real codec. */
function decode(bytes: Buffer): unknown {
  if (bytes.equals(POISON)) throw new DecodeError('decode.magic', 'not a value of the simulation');
  return JSON.parse(bytes.toString(), (_, value) =>
    value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data) : value,
  );
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
