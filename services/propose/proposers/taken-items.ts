import { Attached } from '#algorithms/attached.ts';
import { ACTIONS, isActionType } from '#contracts/domain/action-types.ts';
import type { UserInterests } from '#contracts/generated/records.ts';

/** The items of a window that its user took, the latest first, with the types of the actions on them. */
export interface TakenWindow extends Pick<UserInterests, 'recent' | 'types' | 'recentTypes'> {
  /** Items that the user only turned away from, as by hiding them. */
  readonly refused: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const known = new Attached<readonly string[], TakenWindow>();

/**
 * The items that a user took. An item whose weightiest action is a dislike, by the default weights of the types, is none of them: others who took
 * it say nothing of this user.
 * An action of a type that this version does not know may be anything, and counts as taking. The same array of recent items gives the same
 * object, so that models that share a scan of the window find the same array in it.
 */
export function takenItems({
  recent,
  types,
  recentTypes,
}: Pick<UserInterests, 'recent' | 'types' | 'recentTypes'>): TakenWindow {
  if (!types.some(isDislike)) return { recent, types, recentTypes, refused: NONE };
  let taken = known.get(recent);
  if (taken === undefined) {
    const typeOf = (place: number) => recentTypes[place] ?? 0;
    const places = [...recent.keys()].filter((place) => !isDislike(types[typeOf(place)] ?? ''));
    const kept = new Set(places);
    taken = {
      recent: places.map((place) => recent[place]!),
      types,
      recentTypes: places.map(typeOf),
      refused: new Set(recent.filter((_, place) => !kept.has(place))),
    };
    known.set(recent, taken);
  }
  return taken;
}

function isDislike(type: string): boolean {
  return isActionType(type) && ACTIONS[type].interestWeight < 0;
}
