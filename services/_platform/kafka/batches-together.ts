import type { IncomingBatch } from './consumer.ts';

/**
 * Handles the batches of several partitions together, as far as that is cheaper than one by one.
 * @returns a promise for each batch, like that of a handler of one batch: one partition may fail alone
 */
export interface TogetherHandler<V> {
  readonly together: (batches: ReadonlyArray<IncomingBatch<V>>) => ReadonlyArray<Promise<void>>;
}

/** Handles all batches by one work, which fails or ends for all of them. */
export function asOne<V>(
  work: (batches: ReadonlyArray<IncomingBatch<V>>) => Promise<void>,
): TogetherHandler<V> {
  return {
    together(batches) {
      const done = work(batches);
      return batches.map(() => done);
    },
  };
}

/** Handles one batch, or those that come in one turn of the event loop. */
export type BatchHandler<V> = ((batch: IncomingBatch<V>) => Promise<void>) | TogetherHandler<V>;

interface Waiting<V> {
  readonly batch: IncomingBatch<V>;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Turns a handler of several batches into one of a single batch. kafkajs hands over all batches of a fetch in one turn of
 * the event loop, so those of one turn are handled together.
 */
export function gathering<V>(handler: BatchHandler<V>): (batch: IncomingBatch<V>) => Promise<void> {
  if (typeof handler === 'function') return handler;
  let waiting: Waiting<V>[] = [];
  const run = (): void => {
    const gathered = waiting;
    waiting = [];
    let ends: ReadonlyArray<Promise<void>>;
    try {
      ends = handler.together(gathered.map(({ batch }) => batch));
    } catch (error) {
      for (const { done } of gathered) done.reject(error);
      return;
    }
    for (const [at, { done }] of gathered.entries()) done.resolve(ends[at]!);
  };
  return (batch) => {
    const done = Promise.withResolvers<void>();
    if (waiting.push({ batch, done }) === 1) setImmediate(run);
    return done.promise;
  };
}
