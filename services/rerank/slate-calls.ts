import { TributaryError } from '#contracts/errors.ts';

/**
 * How a request for a slate ended. Where slates are answered once the log has them:
 * - answered: the slate is in the log, and its caller was there to take it
 * - unanswered: the slate is in the log, but its caller left or its time ran out during the write
 * - unconfirmed: Kafka did not confirm the slate, so that it may be in the log; the caller got an error
 *
 * Where they are answered once they are chosen:
 * - answered: the slate was chosen, and its caller was there to take it
 * - unanswered: its caller had left, or its time had run out; the log gets the slate all the same
 *
 * In both cases:
 * - probed: the slate is not logged, because nobody sees it
 * - late, abandoned: not logged, because the time of the caller ran out, or because it left
 * - overloaded: refused at once
 * - failed: not logged, because the pool could not be read
 */
export type SlateOutcome =
  | 'answered'
  | 'probed'
  | 'unanswered'
  | 'unconfirmed'
  | 'late'
  | 'abandoned'
  | 'overloaded'
  | 'failed';

/** When a request for a slate is answered: once the log has the slate, or once it is chosen. */
export type AnswerTime = 'logged' | 'chosen';

/** Whoever waits for a slate. */
export interface Caller {
  /** Milliseconds for which it waits. */
  readonly waitMs: number;
  /** Whether its connection is open. */
  isThere(): boolean;
}

export interface SlateWork<P, S> {
  readonly readPool: () => Promise<P>;
  readonly compose: (pool: P) => S;
  /** Resolves when the log has the slate, or rejects after a bounded time; left out for a probe. */
  readonly publish?: ((slate: S) => Promise<unknown>) | undefined;
}

export interface SlateCalls {
  /**
   * @returns the slate once the log has it, or once it is chosen
   * @throws TributaryError `stage.overloaded` or `slate.late`, both 503 and retryable
   */
  serve<P, S>(caller: Caller, work: SlateWork<P, S>): Promise<S>;
}

/** Share of the caller's time that must be left when a slate is written, for the write and the way back. */
const RESERVED = 0.1;

/**
 * Lets a slate into the log only if its caller can still receive it: a logged slate that nobody saw earns nothing, and
 * would teach that its items are worth nothing. A request counts as under way until Redis and Kafka have settled it, also
 * when its caller has been answered meanwhile, so that nothing queues without bound while one of them stalls. Where slates are answered once
 * they are chosen, a request ends with its answer, and the writes that wait for Kafka are bounded by the producer (decision 0089).
 */
export function createSlateCalls(options: {
  /** Most requests under way; further ones fail at once. */
  readonly maxCalls: number;
  readonly count: (outcome: SlateOutcome) => void;
  /** Default `logged`. */
  readonly answered?: AnswerTime;
  /** Called with the error of a write that Kafka did not confirm, of a slate that was answered once it was chosen. */
  readonly onUnlogged?: (error: unknown) => void;
  /** Called when Kafka has confirmed such a slate. */
  readonly onLogged?: () => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}): SlateCalls {
  const { maxCalls, count, answered = 'logged', onUnlogged, onLogged, now } = options;
  let underWay = 0;

  async function work<P, S>(caller: Caller, { readPool, compose, publish }: SlateWork<P, S>): Promise<S> {
    const endsAt = now() + caller.waitMs;
    const pool = await readPool().catch((error: unknown) => {
      count(now() < endsAt ? 'failed' : 'late');
      throw error;
    });
    if (!caller.isThere()) {
      count('abandoned');
      throw late('the caller has left');
    }
    if (endsAt - now() < caller.waitMs * RESERVED) {
      count('late');
      throw late(`the candidates were not read within ${caller.waitMs} ms`);
    }
    const slate = compose(pool);
    if (publish === undefined) {
      count('probed');
      return slate;
    }
    const outcome = (): SlateOutcome => (caller.isThere() && now() < endsAt ? 'answered' : 'unanswered');
    if (answered === 'chosen') {
      publish(slate).then(onLogged, onUnlogged ?? (() => undefined));
      count(outcome());
      return slate;
    }
    await publish(slate).catch((error: unknown) => {
      count('unconfirmed');
      throw error;
    });
    count(outcome());
    return slate;
  }

  return {
    serve<P, S>(caller: Caller, what: SlateWork<P, S>): Promise<S> {
      if (underWay >= maxCalls) {
        count('overloaded');
        const reason = `${underWay} slates are under way already`;
        return Promise.reject(
          new TributaryError('stage.overloaded', reason, { retryable: true, status: 503 }),
        );
      }
      underWay += 1;
      const { promise, resolve, reject } = Promise.withResolvers<S>();
      const timer = setTimeout(
        () => reject(late(`there is no slate within ${caller.waitMs} ms`)),
        caller.waitMs,
      );
      work(caller, what)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          underWay -= 1;
        });
      return promise;
    },
  };
}

function late(reason: string): TributaryError {
  return new TributaryError('slate.late', reason, { retryable: true, status: 503 });
}
