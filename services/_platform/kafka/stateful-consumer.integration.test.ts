import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { DecodeError } from '#contracts/codec.ts';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createProducer, type SafeProducer } from './producer.ts';
import { consumeStatefully, type PartitionTask } from './stateful-consumer.ts';

/**
 * The messages that one process read of a partition while it owned it; a successor needs those from the last `begin`
 * on.
 */
class Recorder implements PartitionTask<string> {
  resumeFrom: number | undefined;
  readonly partition: number;
  readonly taken: string[] = [];
  isClosed = false;

  constructor(partition: number) {
    this.partition = partition;
  }

  async apply(messages: readonly { offset: number; value: string }[]): Promise<void> {
    for (const { offset, value } of messages) {
      if (value === 'begin') this.resumeFrom = offset;
      this.taken.push(value);
    }
  }

  close(): void {
    this.isClosed = true;
  }
}

describe('the stateful consumer', () => {
  let test: TestKafka;
  let producer: SafeProducer;

  before(async () => {
    test = await openTestKafka();
    producer = await createProducer({ kafka: test.kafka, metrics: createMetrics('test') });
  });

  after(async () => {
    await producer.close();
    await test.close();
  });

  async function write(topic: string, partition: number, ...values: string[]): Promise<void> {
    for (const value of values) {
      await producer.send(topic, { key: '', value: value === '' ? null : Buffer.from(value), partition });
    }
  }

  /** A member of the group, with all its past and present tasks. */
  async function join(topic: string, onFailure: (error: unknown) => void = assert.ifError) {
    const tasks: Recorder[] = [];
    const leave = await consumeStatefully({
      kafka: test.kafka,
      groupId: `${topic}.group`,
      topic,
      decode(bytes) {
        if (bytes.toString() === 'poison') throw new DecodeError('decode.magic', 'poison');
        return bytes.toString();
      },
      open(partition) {
        const task = new Recorder(partition);
        tasks.push(task);
        return task;
      },
      log: pino({ level: 'silent' }),
      onFailure,
    });
    const takes = (partition: number, ...values: string[]) =>
      waitFor(() => tasks.findLast((task) => task.partition === partition)?.taken.join() === values.join(), {
        message: `partition ${partition} gives ${values}`,
        timeoutMs: 60_000,
      });
    return { tasks, takes, leave };
  }

  it('a successor starts at the offset that the last owner committed for it', async () => {
    const topic = await test.createTopic(1);
    await write(topic, 0, 'begin', 'a', 'begin', 'b');
    const first = await join(topic);
    await first.takes(0, 'begin', 'a', 'begin', 'b');
    await first.leave();
    assert.deepEqual(await test.committed(`${topic}.group`, topic), [2]);
    const second = await join(topic);
    await second.takes(0, 'begin', 'b');
    await second.leave();
  });

  it('tombstones and undecodable messages are skipped', async () => {
    const topic = await test.createTopic(1);
    await write(topic, 0, 'a', '', 'poison', 'b');
    const only = await join(topic);
    await only.takes(0, 'a', 'b');
    await only.leave();
    assert.equal(only.tasks[0]?.isClosed, true);
  });

  it('a rebalance keeps the task of a partition that stays, and closes the others', async () => {
    const topic = await test.createTopic(2);
    await write(topic, 0, 'begin', 'a');
    await write(topic, 1, 'begin', 'b');
    const first = await join(topic);
    await first.takes(0, 'begin', 'a');
    await first.takes(1, 'begin', 'b');
    const second = await join(topic);
    const moved = await waitFor(() => first.tasks.find(({ isClosed }) => isClosed), {
      message: 'a partition moves to the second member',
      timeoutMs: 60_000,
    });
    const kept = first.tasks.find((task) => task !== moved)!;
    await write(topic, kept.partition, 'more');
    await first.takes(kept.partition, 'begin', kept.partition === 0 ? 'a' : 'b', 'more');
    await second.takes(moved.partition, 'begin', moved.partition === 0 ? 'a' : 'b');
    assert.equal(first.tasks.length, 2, 'no task was opened again');
    await Promise.all([first.leave(), second.leave()]);
  });

  it('a failed task is reported and gets no more messages', async () => {
    const topic = await test.createTopic(1);
    const failures: unknown[] = [];
    const only = await join(topic, (error) => failures.push(error));
    const task = await waitFor(() => only.tasks[0], { message: 'the partition is assigned' });
    let calls = 0;
    task.apply = async () => {
      calls++;
      throw new Error('broken');
    };
    await write(topic, 0, 'a');
    await waitFor(() => failures.length > 0, { message: 'the failure is reported' });
    await write(topic, 0, 'b');
    await only.leave();
    assert.equal(calls, 1);
    assert.match(String(failures[0]), /broken/);
    assert.deepEqual(await test.committed(`${topic}.group`, topic), [-1]);
  });
});
