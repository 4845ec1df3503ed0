import type { Latent } from '#contracts/generated/records.ts';
import {
  consumeStatefully,
  type PartitionMessage,
  type PartitionTask,
} from '#platform/kafka/stateful-consumer.ts';
import type { InferenceLog } from './inference-log.ts';
import { Share } from './share.ts';

export interface WorkerOptions {
  readonly log: InferenceLog;
  /** An unexpected error: the worker does nothing more and must be stopped. */
  readonly onFailure: (error: unknown) => void;
  /** Called when an inference that this worker took part in has ended in all its partitions. */
  readonly onEnd?: () => void;
  /** Called with each message that arrives. */
  readonly onMessage?: () => void;
}

/**
 * A worker of the inference: computes the shares of the partitions that its group assigns to it, one generation after the
 * other. If a worker is killed, the others own its partitions and recompute these shares.
 * @returns a function that leaves the group
 */
export function startWorker(options: WorkerOptions): Promise<() => Promise<void>> {
  const { kafka, topic, groupId, decode, log } = options.log;
  const open = new Set<PartitionWork>();
  const onEnd = () => {
    if ([...open].every(({ isBusy }) => !isBusy)) options.onEnd?.();
  };
  return consumeStatefully({
    kafka,
    topic,
    groupId,
    log,
    decode,
    onFailure: options.onFailure,
    open(partition) {
      const work = new PartitionWork(partition, { ...options, onEnd, onClose: () => open.delete(work) });
      open.add(work);
      return work;
    },
  });
}

interface PartitionOptions extends WorkerOptions {
  readonly onEnd: () => void;
  readonly onClose: () => void;
}

/** The work on one partition: its share of the newest generation in it, until that generation ends. */
class PartitionWork implements PartitionTask<Latent> {
  resumeFrom: number | undefined;
  readonly #partition: number;
  readonly #options: PartitionOptions;
  #generation = '';
  #share: Share | undefined;
  /** The first error of the share. It matters only while its generation has not ended. */
  #fault: unknown;

  constructor(partition: number, options: PartitionOptions) {
    this.#partition = partition;
    this.#options = options;
  }

  /** Whether a generation has not ended. */
  get isBusy(): boolean {
    return this.#share !== undefined;
  }

  /**
   * Computes only at the end offset: later messages may end the generation, or start one whose coordinator replaced a
   * crashed one.
   * @throws the first error of the current share
   */
  async apply(messages: readonly PartitionMessage<Latent>[], reachesEnd: boolean): Promise<void> {
    for (const message of messages) {
      try {
        this.#applyOne(message);
      } catch (error) {
        this.#fault ??= error;
      }
    }
    if (!reachesEnd) return;
    if (this.#fault !== undefined) throw this.#fault;
    await this.#share?.advance();
  }

  close(): void {
    this.#leaveShare();
    this.#options.onClose();
  }

  #applyOne({ offset, value }: PartitionMessage<Latent>): void {
    const { generation, kind, input, start, part } = value;
    this.#options.onMessage?.();
    if (generation > this.#generation) this.#begin(generation, offset);
    if (generation !== this.#generation || this.#share === undefined) return;
    if (kind === 'input' && input !== null) this.#share.addInput(value, input);
    else if (kind === 'weights' && part !== null) this.#share.addWeights(part);
    else if (kind === 'start' && start !== null) this.#share.start(start);
    else if (kind === 'latent') this.#share.addLatents(value);
    else if (kind === 'end') this.#end(offset);
  }

  #begin(generation: string, offset: number): void {
    this.#leaveShare();
    this.#generation = generation;
    this.#share = new Share(generation, this.#partition, this.#options.log.send);
    this.resumeFrom = offset;
  }

  #end(offset: number): void {
    this.#leaveShare();
    this.resumeFrom = offset + 1;
    this.#options.onEnd();
  }

  #leaveShare(): void {
    this.#share?.close();
    this.#share = undefined;
    this.#fault = undefined;
  }
}
