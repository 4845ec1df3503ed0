import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway, ReceivedSlate } from '../data/gateway.ts';
import { expectedClicks, LOOK_MODELS, look } from '../evaluate/semi-synthetic/looking.ts';
import type { People } from './people.ts';
import type { CrowdSlate } from './tally.ts';

/** What the API of the system offers, as its description says. */
export interface Abilities {
  readonly namesSlates: boolean;
  readonly hasImpressions: boolean;
}

export interface CrowdOptions {
  readonly people: People;
  readonly gateway: Pick<Gateway, 'recommend'>;
  readonly abilities: Abilities;
  readonly emit: (action: DatasetAction) => void;
  /** Visits a second. */
  readonly rate: number;
  readonly random: Random;
  readonly drift: Drift;
  /** Ends the visits; what the visitors have decided to do by then is still done. */
  readonly signal: AbortSignal;
  /** Called with each slate that a person has looked at. */
  readonly onVisit: (visit: CrowdSlate) => void;
  /** Called for each slate that was not answered, with the reason. */
  readonly onFailed: (error: unknown) => void;
}

/** When people begin to want other things. */
export interface Drift {
  /** Milliseconds from the first visit to the first drift, and from each to the next. */
  readonly afterMs: number;
  readonly everyMs?: number;
  /** Share of the people who take part, 0 to 1. */
  readonly share: number;
  /** Called after each drift. */
  readonly onDrift?: () => void;
}

const SLOTS = 10;
/** Visits at a time. */
const MOST_AT_ONCE = 32;
/** Mean time from the slate to a click, and from a click to a purchase. */
const CLICK_AFTER_MS = 700;
const BUY_AFTER_MS = 2_000;
const BUYS = 0.3;
/** Longest wait, in means. */
const LONGEST_WAIT = 6;

/**
 * People visit at random times, look in one of three ways, click after a while and sometimes buy, tire of what they pass over, and drift. Only
 * the public API is used. Resolves after the signal, when all visits and reactions have ended.
 * @throws the error of `emit`, which ends the visits
 */
export async function runCrowd(options: CrowdOptions): Promise<void> {
  const { people, rate, random, drift, signal } = options;
  if (people.userIds.length === 0) return;
  const underWay = new Set<Promise<void>>();
  const pending = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
  };
  const later: Later = (ms, act) => {
    const acting = delay(ms)
      .then(act)
      .catch(fail)
      .finally(() => pending.delete(acting));
    pending.add(acting);
  };
  const start = performance.now();
  let nextDrift = drift.afterMs;
  while (!signal.aborted && failure === undefined) {
    if (performance.now() - start >= nextDrift) {
      people.drift(random, drift.share);
      drift.onDrift?.();
      nextDrift += drift.everyMs ?? Number.POSITIVE_INFINITY;
    }
    while (underWay.size >= MOST_AT_ONCE) await Promise.race(underWay);
    const running = visit(options, later)
      .catch(fail)
      .finally(() => underWay.delete(running));
    underWay.add(running);
    await delay(waitOf(1_000 / rate, random), undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(underWay);
  await Promise.all(pending);
  if (failure !== undefined) throw failure.error;
}

/** Does something after a time. */
type Later = (ms: number, act: () => void) => void;

async function visit(options: CrowdOptions, later: Later): Promise<void> {
  const { people, gateway, random, onVisit, onFailed } = options;
  const person = random.integer(people.userIds.length);
  const userId = people.userIds[person]!;
  const slate = await gateway.recommend(userId, SLOTS).catch(onFailed);
  if (slate === undefined) return;
  // A person looks in the same way each time.
  const model = LOOK_MODELS[person % LOOK_MODELS.length]!;
  const appeals = slate.items.map(({ itemId }) => people.appeal(userId, itemId));
  const looked = look(appeals, model, random);
  onVisit({
    userId,
    policy: slate.policy,
    look: model,
    expected: expectedClicks(appeals, model),
    easy: expectedClicks(people.easyAppeals(userId), model),
    slots: slate.items.map(({ models }, slot) => ({
      models,
      isSeen: looked.seen[slot]!,
      isClicked: looked.clicked[slot]!,
    })),
  });
  for (const [slot, { itemId }] of slate.items.entries()) {
    if (!looked.seen[slot]) continue;
    if (!looked.clicked[slot]) people.tire(userId, itemId);
    react({ slate, slot, isClicked: looked.clicked[slot]! }, options, later);
  }
}

/** What a person does after a look at a slot. */
function react(
  {
    slate,
    slot,
    isClicked,
  }: { readonly slate: ReceivedSlate; readonly slot: number; readonly isClicked: boolean },
  { abilities, emit, random }: CrowdOptions,
  later: Later,
): void {
  const { slateId, userId, items } = slate;
  const act = (type: DatasetAction['type']): DatasetAction => ({
    eventId: `${slateId}-${slot}-${type}`,
    userId,
    itemId: items[slot]!.itemId,
    type,
    occurredAt: Date.now(),
    ...(abilities.namesSlates && { slateId, slot }),
  });
  if (abilities.hasImpressions) emit(act('impression'));
  if (!isClicked) return;
  const clickAfter = waitOf(CLICK_AFTER_MS, random);
  later(clickAfter, () => emit(act('click')));
  if (random.next() >= BUYS) return;
  later(clickAfter + waitOf(BUY_AFTER_MS, random), () => emit(act('buy')));
}

/** An exponentially distributed time with this mean, cut where it is over six times as long. */
function waitOf(mean: number, random: Random): number {
  return mean * Math.min(LONGEST_WAIT, -Math.log(1 - random.next()));
}

/** Reads from the description of the API what an action may say. */
export function abilitiesOf(openApi: { readonly paths?: Readonly<Record<string, unknown>> }): Abilities {
  const text = JSON.stringify(openApi.paths?.['/v1/actions'] ?? {});
  return {
    namesSlates: text.includes('"slateId":{') && text.includes('"slot":{'),
    hasImpressions: text.includes('"impression"'),
  };
}

/** What the API of a gateway offers. @param url of the gateway */
export async function readAbilities(url: string): Promise<Abilities> {
  return abilitiesOf((await (await fetch(`${url}/openapi.json`)).json()) as object);
}
