import type { Random } from '#algorithms/random.ts';
import type { DatasetAction, DatasetItem } from '../data/dataset.ts';
import type { Gateway, ReceivedSlate } from '../data/gateway.ts';

/** The departments in which each user has acted; a department is the broadest category of an item. */
export interface Departments {
  learn(action: { readonly userId: string; readonly itemId: string }): void;
  /** Returns whether the item belongs to a department in which the user has acted. */
  suits(userId: string, itemId: string): boolean;
}

export function createDepartments(): Departments & { addItem(item: DatasetItem): void } {
  const departmentOf = new Map<string, string>();
  const ofUser = new Map<string, Set<string>>();
  return {
    addItem({ itemId, categories = [] }) {
      if (categories[0] !== undefined) departmentOf.set(itemId, categories[0]);
    },
    learn({ userId, itemId }) {
      const department = departmentOf.get(itemId);
      if (department === undefined) return;
      const known = ofUser.get(userId);
      if (known === undefined) ofUser.set(userId, new Set([department]));
      else known.add(department);
    },
    suits(userId, itemId) {
      const department = departmentOf.get(itemId);
      return department !== undefined && (ofUser.get(userId)?.has(department) ?? false);
    },
  };
}

/** Probability that a visitor clicks a suitable item in the first slot; it falls with the slot as attention does. */
const CLICK_ON_TOP = 0.3;
const BUY_AFTER_CLICK = 0.3;

/**
 * Simulates a visitor's reaction to a slate: an item of a familiar department is clicked with probability .3 / (1 +
 * slot / 4), and bought after a click with probability .3; other items are ignored.
 *
 * @param now milliseconds since the epoch
 */
export function react(
  slate: ReceivedSlate,
  departments: Departments,
  random: Random,
  now: number,
): DatasetAction[] {
  const { slateId, userId } = slate;
  const act = (itemId: string, slot: number, type: 'click' | 'buy'): DatasetAction => ({
    eventId: `visit-${slateId}-${slot}-${type}`,
    userId,
    itemId,
    type,
    occurredAt: now,
    slateId,
    slot,
  });
  return slate.items.flatMap(({ itemId, slot }) => {
    if (!departments.suits(userId, itemId)) return [];
    if (random.next() >= CLICK_ON_TOP / (1 + slot / 4)) return [];
    const click = act(itemId, slot, 'click');
    return random.next() < BUY_AFTER_CLICK ? [click, act(itemId, slot, 'buy')] : [click];
  });
}

export interface VisitOptions {
  readonly gateway: Pick<Gateway, 'recommend'>;
  readonly departments: Departments;
  readonly random: Random;
  /** Chooses the next visitor; undefined if there is none. */
  readonly nextUser: () => string | undefined;
  readonly emit: (action: DatasetAction) => void;
  /** Maximum number of visits per second; visits do not overlap. */
  readonly rate: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Requests slates and reacts to them until the signal. Returns the numbers of slates seen and failed. */
export async function visit(options: VisitOptions): Promise<{ slates: number; failed: number }> {
  const { gateway, departments, random, nextUser, emit, rate, sleep, signal } = options;
  const seen = { slates: 0, failed: 0 };
  while (!signal.aborted) {
    const userId = nextUser();
    const slate = userId === undefined ? undefined : await gateway.recommend(userId, 10).catch(() => null);
    if (slate) {
      seen.slates += 1;
      for (const action of react(slate, departments, random, Date.now())) emit(action);
    } else if (slate === null) {
      seen.failed += 1;
    }
    await sleep(1000 / rate);
  }
  return seen;
}
