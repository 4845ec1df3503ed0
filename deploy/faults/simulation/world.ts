import type { Random } from '#algorithms/random.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Consumption } from '#platform/kafka/consumer.ts';
import type { TopicName, TopicValue } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { LogRecord } from '../checkers/log-record.ts';
import { KeyValues } from '../stores/key-values.ts';
import { Broker } from './broker.ts';
import { NO_FAULTS, type RequestFaults, SimulatedProcess } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { ConnectionLost, openPorts, type SimulatedLetter, type SimulatedPorts } from './simulated-ports.ts';
import { encode, POISON, partitionFor, recordOf } from './simulated-records.ts';

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

/** A log, a store and processes in virtual time. */
export class World {
  readonly scheduler: Scheduler;
  readonly broker: Broker;
  readonly values = new KeyValues();
  readonly random: Random;
  readonly letters: SimulatedLetter[] = [];
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
    const boot = (): void =>
      void one.boot(openPorts(this, one)).catch((error: unknown) => process.fail(error));
    this.scheduler.after(0, boot, process);
  }
}

/** Whether an injected fault ends a process with this error. */
function isExpected(error: Error): boolean {
  return error instanceof ConnectionLost || error instanceof TributaryError || /broker/.test(error.message);
}
