import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import type { Gateway, ReceivedSlate } from '../data/gateway.ts';
import { LOOK_MODELS, look } from '../evaluate/semi-synthetic/looking.ts';
import type { People } from './people.ts';
import type { CrowdSlate } from './tally.ts';

/** An action that names the slate it answers, where the API has these fields. */
export interface CrowdAction extends Omit<DatasetAction, 'type'> {
  readonly type: DatasetAction['type'] | 'impression';
  readonly slateId?: string;
  readonly slot?: number;
}

/** What the API of the system offers, as its description says. */
export interface Abilities {
  readonly namesSlates: boolean;
  readonly hasImpressions: boolean;
}

export interface CrowdOptions {
  readonly people: People;
  readonly gateway: Pick<Gateway, 'recommend'>;
  readonly abilities: Abilities;
  readonly emit: (action: CrowdAction) => void;
  /** Visits a second. */
  readonly rate: number;
  readonly random: Random;
  /** Milliseconds from the first visit to the drift, and to the end. */
  readonly driftAfterMs: number;
  readonly endAfterMs: number;
}

export interface CrowdReport {
  readonly visits: readonly CrowdSlate[];
  /** Slates before the drift. */
  readonly driftAt: number;
  readonly failed: number;
}

const SLOTS = 10;
/** Visits at a time. */
const MOST_AT_ONCE = 32;
/** Mean time from the slate to a click, and from a click to a purchase. */
const CLICK_AFTER_MS = 700;
const BUY_AFTER_MS = 2_000;
const BUYS = 0.3;

/** People visit at random times, look in one of three ways, click after a while and sometimes buy. Only the public API is used. */
export async function runCrowd(options: CrowdOptions): Promise<CrowdReport> {
  const { people, gateway, rate, random, driftAfterMs, endAfterMs } = options;
  const visits: CrowdSlate[] = [];
  const underWay = new Set<Promise<void>>();
  const start = performance.now();
  let driftAt: number | undefined;
  let failed = 0;

  async function visit(): Promise<void> {
    const person = random.integer(people.userIds.length);
    const userId = people.userIds[person]!;
    const slate = await gateway.recommend(userId, SLOTS).catch(() => undefined);
    if (slate === undefined) {
      failed++;
      return;
    }
    // A person looks in the same way each time.
    const model = LOOK_MODELS[person % LOOK_MODELS.length]!;
    const looked = look(
      slate.items.map(({ itemId }) => people.appeal(userId, itemId)),
      model,
      random,
    );
    visits.push({
      policy: slate.policy,
      look: model,
      slots: slate.items.map(({ models }, slot) => ({
        models,
        isSeen: looked.seen[slot]!,
        isClicked: looked.clicked[slot]!,
      })),
    });
    for (const [slot, { itemId }] of slate.items.entries()) {
      if (!looked.seen[slot]) continue;
      if (!looked.clicked[slot]) people.tire(userId, itemId);
      react(slate, slot, looked.clicked[slot]!, options);
    }
  }

  for (;;) {
    const passed = performance.now() - start;
    if (passed >= endAfterMs) break;
    if (driftAt === undefined && passed >= driftAfterMs) {
      driftAt = visits.length;
      people.drift(random);
    }
    while (underWay.size >= MOST_AT_ONCE) await Promise.race(underWay);
    const running = visit().finally(() => underWay.delete(running));
    underWay.add(running);
    await delay(waitOf(1_000 / rate, random));
  }
  await Promise.all(underWay);
  return { visits, driftAt: driftAt ?? visits.length, failed };
}

function react(
  { slateId, userId, items }: ReceivedSlate,
  slot: number,
  isClicked: boolean,
  { abilities, emit, random }: CrowdOptions,
): void {
  const act = (type: CrowdAction['type']): CrowdAction => ({
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
  void delay(clickAfter).then(() => emit(act('click')));
  if (random.next() >= BUYS) return;
  void delay(clickAfter + waitOf(BUY_AFTER_MS, random)).then(() => emit(act('buy')));
}

/** An exponentially distributed time with this mean. */
function waitOf(mean: number, random: Random): number {
  return -mean * Math.log(1 - random.next());
}

/** Reads from the description of the API what an action may say. */
export function abilitiesOf(openApi: { readonly paths?: Readonly<Record<string, unknown>> }): Abilities {
  const text = JSON.stringify(openApi.paths?.['/v1/actions'] ?? {});
  return {
    namesSlates: text.includes('"slateId":{') && text.includes('"slot":{'),
    hasImpressions: text.includes('"impression"'),
  };
}
