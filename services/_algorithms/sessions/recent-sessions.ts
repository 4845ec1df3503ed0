import { LastSeen } from '../retrieval/first-seen.ts';

export interface SessionLimits {
  /** Sessions that a partition remembers, the latest begun. */
  readonly sessions: number;
  /** Sessions that a partition remembers of an item, the latest that took it. */
  readonly sessionsOfItem: number;
  /** Items that a session remembers, the latest. */
  readonly items: number;
  /** Time without an action after which the next action of the user begins a session, ms; a context has no such end. */
  readonly gapMs: number;
}

export interface SessionAction {
  readonly eventId: string;
  readonly userId: string;
  readonly itemId: string;
  /** Such as buy. */
  readonly type: string;
  /** The group of items that are taken together, which then is the session. */
  readonly contextId: string | null;
  /** ms. */
  readonly occurredAt: number;
}

export interface Session {
  /** Distinct items, the latest last; an item that is taken again moves to the end. */
  readonly items: readonly string[];
  /** Type of the latest action on each of the items. */
  readonly types: readonly string[];
  /** Time of the latest action, ms. */
  readonly lastAt: number;
}

/** Event ids that are remembered: half a MiB. */
const EVENTS_REMEMBERED = 65_536;

interface OwnSession extends Session {
  readonly items: string[];
  readonly types: string[];
  lastAt: number;
  readonly key: string;
  readonly userId: string;
}

/**
 * The latest sessions of one partition of actions, and by item those that took it. A session is a context of a user, or the actions
 * of a user without a context and without a long gap. The memory is bounded by the limits, however many actions, users and items
 * there are. The state is a function of the sequence of actions alone: it is the same after a rebuild.
 */
export class RecentSessions {
  readonly #limits: SessionLimits;
  readonly #events = new LastSeen(EVENTS_REMEMBERED);
  /** In the order in which they began. */
  readonly #sessions = new Set<OwnSession>();
  /** Those that the next action may continue, by key. */
  readonly #open = new Map<string, OwnSession>();
  readonly #latestOfUser = new Map<string, OwnSession>();
  readonly #byItem = new Map<string, OwnSession[]>();

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /** Number of sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Number of items that a session holds. */
  get itemCount(): number {
    return this.#byItem.size;
  }

  /** Applies an action; one with the event id of an earlier action of the user changes nothing. */
  add({ eventId, userId, itemId, type, contextId, occurredAt }: SessionAction): void {
    // The lengths tell where an id ends, whatever characters it has.
    if (!this.#events.add(`${userId.length} ${userId}${eventId}`)) return;
    const key = contextId === null ? `u${userId}` : `c${userId.length} ${userId}${contextId}`;
    let session = this.#open.get(key);
    const isOver = contextId === null && session && occurredAt - session.lastAt > this.#limits.gapMs;
    if (session === undefined || isOver) session = this.#begin(key, userId, occurredAt);
    session.lastAt = Math.max(session.lastAt, occurredAt);
    this.#latestOfUser.set(userId, session);
    this.#take(session, itemId, type);
  }

  /** The session of the user's latest action in log order, if it is remembered. */
  latestOf(userId: string): Session | undefined {
    return this.#latestOfUser.get(userId);
  }

  /** The sessions that took an item, the latest last. */
  withItem(itemId: string): readonly Session[] {
    return this.#byItem.get(itemId) ?? [];
  }

  #begin(key: string, userId: string, occurredAt: number): OwnSession {
    const session: OwnSession = { key, userId, items: [], types: [], lastAt: occurredAt };
    this.#sessions.add(session);
    this.#open.set(key, session);
    if (this.#sessions.size > this.#limits.sessions) this.#drop(this.#sessions.values().next().value!);
    return session;
  }

  #take(session: OwnSession, itemId: string, type: string): void {
    const { items, types } = session;
    const place = items.lastIndexOf(itemId);
    if (place >= 0) {
      items.splice(place, 1);
      types.splice(place, 1);
    }
    items.push(itemId);
    types.push(type);
    if (place >= 0) return;
    if (items.length > this.#limits.items) {
      types.shift();
      this.#leave(session, items.shift()!);
    }
    let sessions = this.#byItem.get(itemId);
    if (sessions === undefined) {
      sessions = [];
      this.#byItem.set(itemId, sessions);
    }
    sessions.push(session);
    if (sessions.length > this.#limits.sessionsOfItem) sessions.shift();
  }

  #drop(session: OwnSession): void {
    this.#sessions.delete(session);
    if (this.#open.get(session.key) === session) this.#open.delete(session.key);
    if (this.#latestOfUser.get(session.userId) === session) this.#latestOfUser.delete(session.userId);
    for (const itemId of session.items) this.#leave(session, itemId);
  }

  #leave(session: OwnSession, itemId: string): void {
    const sessions = this.#byItem.get(itemId);
    const place = sessions?.indexOf(session) ?? -1;
    if (sessions === undefined || place < 0) return;
    sessions.splice(place, 1);
    if (sessions.length === 0) this.#byItem.delete(itemId);
  }
}
