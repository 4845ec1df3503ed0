import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { type Assignment, GroupSession, type LogBatch } from './group-session.ts';

/** A consumer of kafkajs without a broker: the test assigns partitions and delivers batches. */
class FakeConsumer {
  readonly events = {
    GROUP_JOIN: 'join',
    REBALANCING: 'rebalancing',
    END_BATCH_PROCESS: 'end',
    CRASH: 'crash',
  };
  /** Calls in their order. */
  readonly calls: string[] = [];
  readonly #listeners = new Map<string, (event: { payload: unknown }) => void>();
  #eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined;

  on(event: string, listener: (event: { payload: unknown }) => void): void {
    this.#listeners.set(event, listener);
  }

  /** Messages that a fetch leaves in a partition. */
  lag = 3;

  /** Errors of the next joins. */
  readonly refusals: Error[] = [];
  joins = 0;

  async run(options: { eachBatch: (payload: EachBatchPayload) => Promise<void> }): Promise<void> {
    this.joins++;
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    this.#eachBatch = options.eachBatch;
  }

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}

  async stop(): Promise<void> {
    this.calls.push('stop');
  }

  async disconnect(): Promise<void> {
    this.calls.push('disconnect');
  }

  seek({ partition, offset }: { partition: number; offset: string }): void {
    this.calls.push(`seek ${partition} to ${offset}`);
  }

  emit(event: keyof FakeConsumer['events'], payload: unknown): void {
    this.#listeners.get(this.events[event])!({ payload });
  }

  assign(memberAssignment: Assignment): void {
    this.emit('GROUP_JOIN', { memberAssignment });
  }

  /** Delivers a batch of messages with these offsets. */
  deliver(partition: number, ...offsets: number[]): Promise<void> {
    const lastOffset = String(offsets.at(-1));
    return this.#eachBatch!({
      batch: {
        topic: 't',
        partition,
        messages: offsets.map((offset) => ({ offset: String(offset) })),
        lastOffset: () => lastOffset,
        offsetLag: () => String(this.lag),
      },
      isRunning: () => true,
      isStale: () => false,
      heartbeat: async () => undefined,
      resolveOffset: (offset: string) => this.calls.push(`resolve ${partition} at ${offset}`),
    } as unknown as EachBatchPayload);
  }

  /** Reports a batch from which kafkajs has filtered all messages. */
  passEmpty(partition: number, lastOffset: number): void {
    this.emit('END_BATCH_PROCESS', {
      topic: 't',
      partition,
      batchSize: 0,
      lastOffset: String(lastOffset),
      offsetLag: '0',
    });
  }
}

/** A session of the topic `t`, whose readers record their batches and wait for `release` where `isHeld`. */
async function openSession(
  options: {
    isHeld?: boolean;
    position?: number;
    failure?: Error;
    rejoins?: unknown[];
    restMs?: number;
  } = {},
) {
  const consumer = new FakeConsumer();
  const seen: string[] = [];
  const failures: unknown[] = [];
  const held: (() => void)[] = [];
  const session = new GroupSession({
    kafka: { consumer: () => consumer } as unknown as Kafka,
    groupId: 'g',
    topics: ['t'],
    open(_topic, partition) {
      seen.push(`open ${partition}`);
      return {
        position: options.position,
        async handle({ messages, lastOffset, lag, isWanted }: LogBatch) {
          seen.push(
            `begin ${partition} ${messages.map(({ offset }) => offset)} to ${lastOffset}, lag ${lag}`,
          );
          if (options.isHeld) await new Promise<void>((resolve) => held.push(resolve));
          if (options.failure !== undefined) throw options.failure;
          seen.push(isWanted() ? `end ${partition}` : `end ${partition} unwanted`);
        },
        close: () => void seen.push(`close ${partition}`),
      };
    },
    onFailure: (error) => void failures.push(error),
    rejoinMs: 1,
    restMs: options.restMs ?? 0,
    ...(options.rejoins && { onRejoin: (error: unknown) => void options.rejoins!.push(error) }),
  });
  await session.start();
  const release = async () => {
    held.shift()?.();
    await turn();
  };
  return { consumer, session, seen, failures, release };
}

describe('a group session', () => {
  it('resolves a batch after its reader has handled it', async () => {
    const { consumer, seen } = await openSession();
    consumer.assign({ t: [1] });
    await consumer.deliver(1, 4, 5);
    assert.deepEqual(seen, ['open 1', 'begin 1 4,5 to 5, lag 3', 'end 1']);
    assert.deepEqual(consumer.calls, ['resolve 1 at 5']);
  });

  it('lets kafkajs fetch again only after the rest, which ends with the session', async () => {
    const { consumer, session, seen } = await openSession({ restMs: 3_600_000 });
    consumer.assign({ t: [1, 2] });
    consumer.lag = 0;
    const deliver = (partition: number) =>
      consumer.deliver(partition, 4).then(() => void seen.push(`over ${partition}`));
    const delivered = [deliver(1), deliver(2)];
    while (!seen.includes('over 2')) await turn();
    await turn();
    assert.deepEqual(consumer.calls, ['resolve 1 at 4', 'resolve 2 at 4']);
    assert.ok(!seen.includes('over 1'), 'the first of a fetch rests for all');
    await session.stop();
    await Promise.all(delivered);
    assert.ok(seen.includes('over 1'));
  });

  it('does not rest after a fetch that has left messages in one of its partitions', async () => {
    const { consumer, session } = await openSession({ restMs: 3_600_000 });
    consumer.assign({ t: [1, 2] });
    consumer.lag = 0;
    const first = consumer.deliver(1, 4);
    consumer.lag = 1;
    await Promise.all([first, consumer.deliver(2, 4)]);
    await session.stop();
  });

  it('delivers a batch without messages in its turn', async () => {
    const { consumer, seen, release } = await openSession({ isHeld: true });
    consumer.assign({ t: [0] });
    void consumer.deliver(0, 1);
    consumer.passEmpty(0, 3);
    await turn();
    assert.deepEqual(seen, ['open 0', 'begin 0 1 to 1, lag 3']);
    await release();
    await release();
    assert.deepEqual(seen.slice(2), ['end 0', 'begin 0  to 3, lag 0', 'end 0']);
  });

  it('seeks the position of a reader at each join, and leaves an undefined one to the commit', async () => {
    const { consumer } = await openSession({ position: 7 });
    consumer.assign({ t: [0] });
    consumer.assign({ t: [0, 1] });
    assert.deepEqual(consumer.calls, ['seek 0 to 7', 'seek 0 to 7', 'seek 1 to 7']);
    const other = await openSession();
    other.consumer.assign({ t: [0] });
    assert.deepEqual(other.consumer.calls, []);
  });

  it('keeps the reader of a partition that stays, and closes that of a lost one after its last batch', async () => {
    const { consumer, seen, release } = await openSession({ isHeld: true });
    consumer.assign({ t: [0, 1] });
    void consumer.deliver(1, 8);
    await turn();
    consumer.assign({ t: [0] });
    await turn();
    assert.ok(!seen.includes('close 1'), 'the batch is still being handled');
    await release();
    assert.deepEqual(seen.slice(2), ['begin 1 8 to 8, lag 3', 'end 1 unwanted', 'close 1']);
    assert.deepEqual(consumer.calls, [], 'a lost partition is not resolved');
  });

  it('drops a batch that waits for its turn when the partition is lost', async () => {
    const { consumer, seen, release } = await openSession({ isHeld: true });
    consumer.assign({ t: [0] });
    void consumer.deliver(0, 1);
    void consumer.deliver(0, 2);
    await turn();
    consumer.assign({});
    consumer.assign({ t: [0] });
    await release();
    assert.deepEqual(seen, ['open 0', 'begin 0 1 to 1, lag 3', 'open 0', 'end 0 unwanted', 'close 0']);
  });

  it('delivers nothing more after an error of a reader', async () => {
    const failure = new Error('broken');
    const { consumer, seen, failures } = await openSession({ failure });
    consumer.assign({ t: [0, 1] });
    await consumer.deliver(0, 1);
    await consumer.deliver(1, 1);
    assert.deepEqual(failures, [failure]);
    assert.deepEqual(seen.slice(2), ['begin 0 1 to 1, lag 3']);
    assert.deepEqual(consumer.calls, [], 'the failed batch is not resolved');
  });

  it('reports a crash from which kafkajs does not recover, and no other', async () => {
    const { consumer, failures } = await openSession();
    consumer.emit('CRASH', { error: new Error('restarts'), restart: true });
    const fatal = new Error('fatal');
    consumer.emit('CRASH', { error: fatal, restart: false });
    assert.deepEqual(failures, [fatal]);
  });

  it('joins again after an error that passes, until the brokers answer', async () => {
    const rejoins: unknown[] = [];
    const { consumer, session, failures, seen } = await openSession({ rejoins });
    const passing = Object.assign(new Error('no coordinator'), { name: 'KafkaJSGroupCoordinatorNotFound' });
    consumer.refusals.push(passing);
    consumer.emit('CRASH', { error: passing, restart: false });
    while (consumer.joins < 3) await turn();
    assert.deepEqual([rejoins, failures], [[passing, passing], []]);
    consumer.assign({ t: [0] });
    await consumer.deliver(0, 1);
    assert.deepEqual(seen, ['open 0', 'begin 0 1 to 1, lag 3', 'end 0']);
    const fatal = new Error('fatal');
    consumer.emit('CRASH', { error: fatal, restart: false });
    assert.deepEqual(failures, [fatal]);
    await session.stop();
  });

  it('waits for the batch that is being handled before it leaves the group', async () => {
    const { consumer, session, seen, release } = await openSession({ isHeld: true });
    consumer.assign({ t: [0] });
    void consumer.deliver(0, 1);
    await turn();
    const stopped = session.stop(async () => void consumer.calls.push('last commit'));
    await turn();
    assert.deepEqual(consumer.calls, []);
    await release();
    await stopped;
    assert.deepEqual(consumer.calls, ['resolve 0 at 1', 'last commit', 'stop', 'disconnect']);
    assert.equal(seen.at(-1), 'close 0');
  });
});
