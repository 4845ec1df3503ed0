/** A slate before and after an action. */
import { TributaryError } from '#contracts/errors.ts';
import type { Peer } from '#platform/http/peer.ts';
import { printable } from '#topics/format.ts';

export interface ProbedSlate {
  readonly policy: string;
  /** Offset in `actions` of the newest action reflected; −1 for an unknown user. */
  readonly interestsVersion: number;
  readonly items: ReadonlyArray<{
    readonly itemId: string;
    readonly title: string;
    readonly propensity: number;
    readonly models: readonly string[];
    readonly reason: string;
  }>;
}

/** Requests a slate that nobody sees, so that it is not logged. @returns undefined where nothing can be recommended yet */
export async function probeSlate(gateway: Peer, userId: string, n: number): Promise<ProbedSlate | undefined> {
  const query = `userId=${encodeURIComponent(userId)}&n=${n}&probe=true`;
  try {
    return await gateway.get<ProbedSlate>(`/v1/recommendations?${query}`);
  } catch (error) {
    if (error instanceof TributaryError && NOTHING_YET.has(error.code)) return undefined;
    throw error;
  }
}

const NOTHING_YET: ReadonlySet<string> = new Set(['user.unknown', 'slate.unknown', 'slate.empty']);

/** Shows each item with its former place, and names the items that are gone. */
export function renderSlateChange(before: ProbedSlate | undefined, after: ProbedSlate): string {
  if (after.items.length === 0) return '  It is empty: there is nothing to recommend yet.';
  const places = new Map(before?.items.map(({ itemId }, place) => [itemId, place + 1]));
  const lines = after.items.map(({ itemId, title, models, reason }, place) => {
    const earlier = places.get(itemId);
    places.delete(itemId);
    const was = earlier === undefined ? 'new' : earlier === place + 1 ? 'same place' : `was ${earlier}`;
    const named = title === itemId ? printable(itemId) : `${printable(title)} (${printable(itemId)})`;
    return `  ${String(place + 1).padStart(3)}. ${was.padEnd(10)}  ${named} – ${printable(reason)}, from ${models.map(printable).join('+')}`;
  });
  const gone =
    before?.items.filter(({ itemId }) => places.has(itemId)).map(({ title }) => printable(title)) ?? [];
  return [...lines, ...(gone.length > 0 ? [`  gone: ${gone.join(', ')}`] : [])].join('\n');
}
