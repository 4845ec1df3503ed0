import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { DEFAULT_WINDOW_LIMITS, type WindowAction } from '#algorithms/pinnersage/window.ts';
import { createRandom } from '#algorithms/random.ts';
import { row } from '#algorithms/vectors.ts';
import { readPurchases } from '../data/purchases.ts';
import { completejourneyEmbeddings } from '../vectors/embeddings.ts';

/** Actions of real users, and the vectors in which they are clustered. */
export interface RealWindows {
  /** The purchases of each household of products that have a vector, ascending by (time, event id). */
  readonly histories: readonly (readonly WindowAction[])[];
  /** The α of the vectors' release. */
  readonly alpha: number;
  vectorOf(itemId: string): Float32Array | undefined;
  /** From broad to narrow. */
  categoriesOf(itemId: string): readonly string[];
}

/** Households of completejourney in a random order, and PinSage's vectors of their purchases. */
export async function readRealWindows(): Promise<RealWindows> {
  const purchases = await readPurchases();
  const { itemIds, vectors, dim, alpha } = await completejourneyEmbeddings(purchases);
  const rowOf = new Map(itemIds.map((itemId, i) => [itemId, i]));
  const vectorOf = (itemId: string): Float32Array | undefined => {
    const i = rowOf.get(itemId);
    return i === undefined ? undefined : row(vectors, i, dim);
  };
  const { user, item, at } = purchases.columns;
  const byUser = purchases.userIds.map((): WindowAction[] => []);
  user.forEach((owner, i) => {
    const itemId = purchases.itemIds[item[i]!]!;
    if (!rowOf.has(itemId)) return;
    const eventId = `cj-${String(i).padStart(8, '0')}`;
    byUser[owner]!.push({ eventId, itemId, type: 'buy', occurredAt: at[i]!, weight: 1 });
  });
  const categoriesOf = (itemId: string) => purchases.catalogue.get(itemId)?.categories ?? [];
  return { histories: shuffle(byUser), alpha, vectorOf, categoriesOf };
}

/** The final window of a history: the latest actions that number and age allow. */
export function lastWindow(history: readonly WindowAction[]): readonly WindowAction[] {
  const { days, maximum } = DEFAULT_WINDOW_LIMITS;
  const bound = (history.at(-1)?.occurredAt ?? 0) - days * MILLISECONDS_PER_DAY;
  return history.slice(-maximum).filter(({ occurredAt }) => occurredAt >= bound);
}

function shuffle<T>(list: T[]): T[] {
  const random = createRandom('households');
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
