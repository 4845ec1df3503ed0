import { Attached } from '#algorithms/attached.ts';
import { nextPurchaseDensity } from '#algorithms/retrieval/next-purchase.ts';
import {
  BOUGHT_AGAIN,
  isOnRequest,
  type ListByName,
  TRENDING_BY_CATEGORY,
} from '#contracts/domain/asked-lists.ts';
import type { ListColumns } from '#contracts/domain/proposed-lists.ts';
import type { SlateFilter } from '#contracts/domain/slate-filter.ts';
import type { Pool } from './pools/pool.ts';

const MS_PER_DAY = 86_400_000;
const NOTHING: ReadonlySet<string> = new Set();

/** What a request says of the lists that it wants. */
export interface ListsAsked {
  readonly list?: ListByName | undefined;
  readonly filter?: SlateFilter | undefined;
}

/** The pools without the lists that are shown on request only, and with those of categories; they live as long as the pool does. */
const others = new Attached<Pool, { readonly plain: Pool; readonly byCategory: Pool }>();

/**
 * Returns the part of a pool that the request asks for. Without `list` these are all lists that are not shown on request only, and beside
 * them the items that trend by category where the filter names one. The same pool object is returned for the same lists, unless they
 * depend on the time.
 * @param now milliseconds since the epoch
 */
export function askedPool(pool: Pool, { list, filter }: ListsAsked, now: number): Pool {
  if (list === BOUGHT_AGAIN) return boughtAgain(pool, now);
  let known = others.get(pool);
  if (known === undefined) {
    const isPlain = ({ model }: ListColumns): boolean => !isOnRequest(model);
    const isByCategory = (one: ListColumns): boolean => isPlain(one) || one.model === TRENDING_BY_CATEGORY;
    known = { plain: restrict(pool, isPlain), byCategory: restrict(pool, isByCategory) };
    others.set(pool, known);
  }
  const namesCategory = filter !== undefined && filter.anyCategory.length + filter.allCategories.length > 0;
  return namesCategory ? known.byCategory : known.plain;
}

function restrict(pool: Pool, isKept: (list: ListColumns) => boolean): Pool {
  return pool.proposals.every(isKept) ? pool : { ...pool, proposals: pool.proposals.filter(isKept) };
}

/** The items that the user buys again and again, which are the recent ones, by when the next purchase is due. */
function boughtAgain(pool: Pool, now: number): Pool {
  const proposals = pool.proposals
    .filter(({ model }) => model === BOUGHT_AGAIN)
    .map((list): ListColumns => {
      const { causes, candidates, scores } = list;
      const due = list.places.map((at, place) => {
        const lastAt = candidates.causes[causes[place] ?? -1]?.lastOccurredAt ?? 0;
        return {
          at,
          cause: causes[place] ?? -1,
          score: nextPurchaseDensity((now - lastAt) / MS_PER_DAY, scores[place]!),
        };
      });
      due.sort((a, b) => b.score - a.score || a.at - b.at);
      return {
        ...list,
        places: due.map(({ at }) => at),
        scores: due.map(({ score }) => score),
        causes: due.map(({ cause }) => cause),
        explanations: [],
        reasons: [],
      };
    });
  return { ...pool, proposals, recent: NOTHING };
}
