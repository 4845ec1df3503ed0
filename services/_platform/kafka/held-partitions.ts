import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { Assignment, GroupSession, LogBatch } from '#topics/kafka/group-session.ts';
import { openTopicIds, type TopicIds } from '#topics/kafka/topic-ids.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { type HeldState, StateLost } from './held-state.ts';
import { NOTHING_KNOWN, type StartPosition, Starts } from './starts.ts';

/** One comparison of a partition's state with the log. A newer one replaces it. */
interface Comparison {
  /** Undefined if it was replaced before it ended. */
  readonly start: Promise<StartPosition | undefined>;
  /** Whether the group assigned the partition anew, so that kafkajs is at the committed offset. */
  readonly isJoin: boolean;
}

/** A topic of a partition. */
interface Reading {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to handle; undefined before the first comparison. */
  next: number | undefined;
  applied: Comparison | undefined;
  /** Whether a batch was dropped while a comparison was replaced, so that kafkajs is behind it. */
  isPassed: boolean;
  /** Messages before this offset were handled before a rebuild, and their dead letters sent. */
  lettersFrom: number;
  /** While the state is rebuilt, the offset at which it will be whole. */
  rebuiltAt: number | undefined;
}

export interface HeldPartitionsOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly state: HeldState;
  readonly session: Pick<GroupSession, 'seek' | 'inTurn'>;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Returns a random text that names a state which begins. */
  readonly newIncarnation: () => string;
  /** Called when a partition is read from another offset than the next one. */
  readonly onSeek: (topic: string, partition: number, offset: number) => void;
}

/** Time between two comparisons of the heads while nothing else is the reason for one. */
const WATCH_MS = 5_000;

/**
 * Keeps the state of the owned partitions and the log together. It compares them at an assignment, when the connection
 * to Redis is new, when a handler finds state missing, when the log goes back, and every few seconds; then it seeks the
 * partition to the offset that the state lacks. Batches wait for the comparison, and those of a wrong offset are dropped.
 */
export class HeldPartitions {
  readonly #options: HeldPartitionsOptions;
  readonly #comparisons = new Map<number, Comparison>();
  /** Incarnations of the state of owned partitions, since their first comparison. */
  readonly #incarnations = new Map<number, string>();
  readonly #readings = new Map<string, Reading>();
  readonly #opened: Promise<{ starts: Starts; ids: TopicIds; close: () => Promise<void> }>;
  readonly #timer: NodeJS.Timeout;

  constructor(options: HeldPartitionsOptions) {
    this.#options = options;
    this.#opened = this.#open();
    // Whoever compares first meets the error.
    this.#opened.catch(() => undefined);
    this.#timer = setInterval(() => void this.#watch(), WATCH_MS);
  }

  async #open(): Promise<{ starts: Starts; ids: TopicIds; close: () => Promise<void> }> {
    const admin = this.#options.kafka.admin();
    await admin.connect();
    const ids = await openTopicIds(this.#options.kafka);
    const starts = new Starts({
      ...this.#options,
      admin,
      topicIds: ids,
      onRebuild: (cause) => this.#options.metrics.rebuilds.inc({ cause }),
    });
    return { starts, ids, close: async () => void (await Promise.all([admin.disconnect(), ids.close()])) };
  }

  /** Describes the partitions that are being rebuilt; undefined if there are none. */
  get rebuilding(): string | undefined {
    const parts = [...this.#readings.values()].flatMap(({ topic, partition, next, rebuiltAt }) =>
      rebuiltAt === undefined ? [] : [`${topic}/${partition}: ${rebuiltAt - (next ?? 0)} messages left`],
    );
    return parts.length === 0 ? undefined : `rebuilding the state of ${parts.join(', ')}`;
  }

  assign(assignment: Assignment): void {
    const partitions = new Set(Object.values(assignment).flat());
    for (const partition of this.#comparisons.keys())
      if (!partitions.has(partition)) {
        this.#comparisons.delete(partition);
        this.#incarnations.delete(partition);
      }
    for (const [key, { partition }] of this.#readings)
      if (!partitions.has(partition)) this.#readings.delete(key);
    for (const [topic, owned] of Object.entries(assignment)) {
      for (const partition of owned) {
        const key = keyOf(topic, partition);
        const reading = {
          topic,
          partition,
          next: undefined,
          applied: undefined,
          isPassed: false,
          lettersFrom: 0,
          rebuiltAt: undefined,
        };
        if (!this.#readings.has(key)) this.#readings.set(key, reading);
      }
    }
    for (const partition of partitions) this.#compare(partition, true);
  }

  /** Compares all partitions anew, because Redis may be another one than before. */
  compareAll(): void {
    for (const partition of this.#comparisons.keys()) this.#compare(partition);
  }

  /**
   * Handles a batch if it is the next one of its partition and its state holds what came before.
   * @param handle writes state of the incarnation that it is given; may throw StateLost
   * @returns the result of `handle`; undefined if the batch has to be read again
   */
  async handle<T>(batch: LogBatch, handle: (incarnation: string) => Promise<T>): Promise<T | undefined> {
    const { topic, partition, readFrom, lastOffset } = batch;
    const reading = this.#readings.get(keyOf(topic, partition));
    const comparison = this.#comparisons.get(partition);
    if (reading === undefined || comparison === undefined) return undefined;
    if (reading.applied !== comparison && !(await this.#apply(reading, comparison, readFrom)))
      return undefined;
    if (readFrom !== undefined && reading.next !== undefined && readFrom < reading.next) {
      await this.#applyNew(reading, comparison);
      return undefined;
    }
    const start = await comparison.start;
    if (start === undefined) return undefined;
    let result: T;
    try {
      result = await handle(start.incarnation);
    } catch (error) {
      if (!(error instanceof StateLost)) throw error;
      const isOwned = this.#comparisons.has(partition);
      this.#options.log.warn(
        { topic, partition, reason: error.message },
        isOwned ? 'the state and the log are compared again' : 'a batch of a lost partition is dropped',
      );
      await this.#applyNew(reading, comparison);
      return undefined;
    }
    if (this.#comparisons.get(partition) !== comparison) {
      // Redis was another one at the end than at the beginning, so writes of this batch may be gone.
      await this.#applyNew(reading, comparison);
      return undefined;
    }
    this.#advance(reading, lastOffset + 1);
    return result;
  }

  /** Whether the dead letter of a message was sent before the state was lost. */
  hasLetter(topic: string, partition: number, offset: number): boolean {
    return offset < (this.#readings.get(keyOf(topic, partition))?.lettersFrom ?? 0);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#comparisons.clear();
    const opened = await this.#opened.catch(() => undefined);
    await opened?.close();
  }

  #compare(partition: number, isJoin = false): Comparison {
    const isCurrent = (): boolean => this.#comparisons.get(partition) === comparison;
    const find = async (): Promise<StartPosition | undefined> => {
      const { starts } = await this.#opened;
      const known = isJoin
        ? NOTHING_KNOWN
        : { handled: this.#handled(partition), incarnation: this.#incarnations.get(partition) };
      const start = await starts.find(partition, known, isCurrent);
      this.#options.state.forget();
      if (start !== undefined) {
        this.#incarnations.set(partition, start.incarnation);
        this.#options.state.continueWith?.(partition, start.incarnation);
      }
      return isCurrent() ? start : undefined;
    };
    // After the one that it replaces, which may still write a head.
    const before = this.#comparisons.get(partition)?.start.catch(() => undefined) ?? Promise.resolve();
    const comparison: Comparison = { start: before.then(find), isJoin };
    this.#comparisons.set(partition, comparison);
    // A partition without new messages has no batch that would apply it.
    void comparison.start.then(
      () => this.#applyToIdle(partition, comparison),
      (error: unknown) => this.#options.log.error({ err: error, partition }, 'cannot compare'),
    );
    return comparison;
  }

  #handled(partition: number): Map<string, number> {
    const handled = new Map<string, number>();
    for (const { topic, partition: its, next } of this.#readings.values())
      if (its === partition && next !== undefined) handled.set(topic, next);
    return handled;
  }

  #applyToIdle(partition: number, comparison: Comparison): void {
    for (const reading of this.#readings.values()) {
      if (reading.partition !== partition) continue;
      void this.#options.session.inTurn(reading.topic, partition, async () => {
        if (this.#comparisons.get(partition) === comparison)
          await this.#apply(reading, comparison, undefined);
      });
    }
  }

  /** Compares again, unless another reader of the partition has begun to, and seeks. */
  async #applyNew(reading: Reading, old: Comparison): Promise<void> {
    const { partition } = reading;
    let comparison = this.#comparisons.get(partition);
    if (comparison === old) comparison = this.#compare(partition);
    if (comparison !== undefined) await this.#apply(reading, comparison, Number.NaN);
  }

  /**
   * @param readFrom offset at which kafkajs is; undefined if no batch tells, NaN if it has to be set
   * @returns whether kafkajs is where the state continues
   */
  async #apply(reading: Reading, comparison: Comparison, readFrom: number | undefined): Promise<boolean> {
    const start = await comparison.start;
    if (start === undefined) {
      reading.isPassed = true;
      return false;
    }
    if (reading.applied === comparison) return true;
    reading.applied = comparison;
    const { topic, partition } = reading;
    const position = start.positions.get(topic)!;
    const committed = start.committed.get(topic);
    const known = comparison.isJoin ? committed : (reading.next ?? committed);
    const at = readFrom ?? (reading.isPassed ? Number.NaN : known);
    reading.isPassed = false;
    if (start.isRebuild) {
      reading.rebuiltAt = start.ends.get(topic);
      reading.lettersFrom = committed ?? 0;
    }
    this.#advance(reading, position);
    if (at === position) return true;
    this.#options.log.info(
      { topic, partition, from: position, instead: at },
      'the partition is read from there',
    );
    this.#options.session.seek(topic, partition, position);
    this.#options.onSeek(topic, partition, position);
    return false;
  }

  #advance(reading: Reading, next: number): void {
    reading.next = next;
    const { topic, partition, rebuiltAt } = reading;
    if (rebuiltAt === undefined) return;
    this.#options.metrics.rebuildLeft.set(
      { topic, partition: String(partition) },
      Math.max(0, rebuiltAt - next),
    );
    if (next < rebuiltAt) return;
    reading.rebuiltAt = undefined;
    this.#options.log.info({ topic, partition, next }, 'the state of the partition is rebuilt');
  }

  /** Notices what no reconnection and no write shows: an idle partition whose state is gone, a topic made anew. */
  async #watch(): Promise<void> {
    if (this.rebuilding !== undefined) this.#options.log.info(this.rebuilding);
    try {
      const { ids } = await this.#opened;
      const current = new Map<string, string | undefined>();
      for (const topic of this.#options.topics) current.set(topic, await ids.read(topic));
      await Promise.all(
        [...this.#readings.values()].map((reading) => this.#watchOne(reading, current.get(reading.topic))),
      );
    } catch (error) {
      this.#options.log.debug({ reason: reasonOf(error) }, 'cannot watch the heads');
    }
  }

  async #watchOne(reading: Reading, topicId: string | undefined): Promise<void> {
    const { topic, partition, next, applied } = reading;
    if (next === undefined || applied === undefined || this.#comparisons.get(partition) !== applied) return;
    const head = await this.#options.state.readHead(topic, partition);
    const isOther = head?.topicId !== undefined && topicId !== undefined && head.topicId !== topicId;
    const isReplaced = head?.incarnation !== this.#incarnations.get(partition);
    const isBehind = head === undefined || head.offset < next - 1;
    if ((isOther || isReplaced || isBehind) && this.#comparisons.get(partition) === applied)
      this.#compare(partition);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}
