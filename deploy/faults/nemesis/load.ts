import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#algorithms/random.ts';
import type { AcknowledgedAction } from '../checkers/acknowledged.ts';
import type { AnsweredSlate } from '../checkers/slates.ts';
import { type PostedAction, postActions } from '../post-actions.ts';

/** A slate that the gateway answered. */
export interface VisitedSlate extends AnsweredSlate {
  readonly interestsVersion: number;
}

export interface LoadCounts {
  /** Actions whose every try failed; they may be in the log. */
  abandoned: number;
  /** Tries to post an action that were not acknowledged. */
  failedActions: number;
  slateRequests: number;
  /** Requests for slates that had another answer than 200, or none. */
  failedSlates: number;
  /** Why requests for slates failed, in words, with their numbers. */
  readonly reasons: Map<string, number>;
}

export interface Load {
  readonly acknowledged: readonly AcknowledgedAction[];
  readonly answered: readonly VisitedSlate[];
  readonly counts: Readonly<LoadCounts>;
  /** Posts an action until it is acknowledged. @returns undefined if that takes too long */
  act(action: PostedAction): Promise<AcknowledgedAction | undefined>;
  /** Posts actions in one request until each is acknowledged. @throws Error if that takes too long */
  actTogether(actions: readonly PostedAction[]): Promise<void>;
  /** @returns undefined unless the answer is 200 */
  visit(userId: string): Promise<VisitedSlate | undefined>;
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly gateway: string;
  readonly random: Random;
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly actionsPerSecond: number;
  readonly slatesPerSecond: number;
  /** Time after which a request counts as failed, ms. Default 5,000. */
  readonly timeoutMs?: number;
}

const TYPES = ['view', 'click', 'save', 'buy', 'buy', 'hide'];
const TIMEOUT_MS = 5_000;
const REASON_LENGTH = 200;
const TRIES = 30;
const RETRY_MS = 500;
/** Share of the actions that are posted again under their event id, and of the slates that are bought from. */
const REPEATED = 0.05;
const BOUGHT = 0.5;

/** Posts single actions and requests slates, at a steady rate, whatever the answers. */
export function startLoad(options: LoadOptions): Load {
  const { gateway, random, users, items, timeoutMs = TIMEOUT_MS } = options;
  const acknowledged: AcknowledgedAction[] = [];
  const answered: VisitedSlate[] = [];
  const counts: LoadCounts = {
    abandoned: 0,
    failedActions: 0,
    slateRequests: 0,
    failedSlates: 0,
    reasons: new Map(),
  };
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;

  /** @returns those that were acknowledged */
  async function post(actions: readonly PostedAction[]): Promise<AcknowledgedAction[]> {
    const all: AcknowledgedAction[] = [];
    let missing = actions;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answers = await postActions(gateway, missing, timeoutMs);
      acknowledged.push(...answers);
      all.push(...answers);
      const done = new Set(answers.map(({ eventId }) => eventId));
      missing = missing.filter(({ eventId }) => !done.has(eventId));
      if (missing.length === 0) return all;
      counts.failedActions += missing.length;
      await delay(RETRY_MS);
    }
    counts.abandoned += missing.length;
    return all;
  }

  async function act(action: PostedAction): Promise<AcknowledgedAction | undefined> {
    const [answer] = await post([action]);
    return answer;
  }

  async function actTogether(actions: readonly PostedAction[]): Promise<void> {
    const answers = await post(actions);
    if (answers.length < actions.length)
      throw new Error(`${answers.length} of ${actions.length} actions were acknowledged`);
  }

  async function visit(userId: string): Promise<VisitedSlate | undefined> {
    counts.slateRequests++;
    const slate = await requestSlate(gateway, userId, timeoutMs);
    if (typeof slate !== 'string') {
      answered.push(slate);
      return slate;
    }
    counts.failedSlates++;
    counts.reasons.set(slate, (counts.reasons.get(slate) ?? 0) + 1);
    return undefined;
  }

  async function visitAndBuy(number: number): Promise<void> {
    const [userId, buys, slot] = [pick(users), random.next() < BOUGHT, random.integer(3)];
    const slate = await visit(userId);
    const itemId = slate?.itemIds[slot];
    if (itemId !== undefined && buys) await act({ eventId: `bought-${number}`, userId, itemId, type: 'buy' });
  }

  async function actOnce(number: number): Promise<void> {
    const action = {
      eventId: `event-${number}`,
      userId: pick(users),
      itemId: pick(items),
      type: pick(TYPES),
    };
    const isRepeated = random.next() < REPEATED;
    await act(action);
    if (isRepeated) await act(action);
  }

  async function every(perSecond: number, work: (number: number) => Promise<void>): Promise<void> {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const one = work(number);
      running.add(one);
      void one.finally(() => running.delete(one));
      await delay(1_000 / perSecond);
    }
  }

  const loops = [every(options.actionsPerSecond, actOnce), every(options.slatesPerSecond, visitAndBuy)];
  return {
    acknowledged,
    answered,
    counts,
    act,
    actTogether,
    visit,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await Promise.all(running);
    },
  };
}

/** @returns the slate, or why there is none */
async function requestSlate(
  gateway: string,
  userId: string,
  timeoutMs: number,
): Promise<VisitedSlate | string> {
  try {
    const response = await fetch(`${gateway}/v1/recommendations?userId=${userId}&n=5`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200)
      return `${response.status} ${(await response.text()).slice(0, REASON_LENGTH)}`;
    const { slateId, interestsVersion, items } = (await response.json()) as {
      slateId: string;
      interestsVersion: number;
      items: Array<{ itemId: string }>;
    };
    return { slateId, interestsVersion, itemIds: items.map(({ itemId }) => itemId) };
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}
