/** The types of the client that apps use. They come from the contracts and need no package. */
import type { ListByName } from '../domain/asked-lists.ts';
import type { Device } from '../domain/request-context.ts';
import type { ErrorCode } from '../errors.ts';
import type { ActionType, Item } from '../generated/records.ts';

/** An action of a user, as an app tracks it. */
export interface TrackedAction {
  readonly itemId: string;
  readonly type: ActionType;
  /** Default: the user of the client. */
  readonly userId?: string;
  /** Basket, board, list or session of the action. */
  readonly contextId?: string;
  /** A magnitude: quantity, price or stars. */
  readonly value?: number;
  /** Default: a new UUIDv7. Give one that your app derives, such as that of an order line, to track it twice safely. */
  readonly eventId?: string;
  /**
   * Event time in milliseconds since the epoch. Default: now. A given time is sent as it is; a time that the client takes is
   * corrected by the clock of the gateway.
   */
  readonly occurredAt?: number;
  /** The slate that the action answers. Default: the newest one from `recommend` that showed this user the item. */
  readonly slateId?: string;
  /** Place of the item in that slate, 0 on top; only with `slateId`. */
  readonly slot?: number;
}

/** An error as the gateway describes it. */
export interface DescribedFault {
  readonly code: ErrorCode | (string & {});
  /** Path of the field at fault. */
  readonly field?: string;
  readonly reason: string;
  /** How to act on it. */
  readonly remedy?: string;
  readonly retryable?: boolean;
}

/** The outcome for one event or item; each has exactly one. */
export type TrackVerdict = {
  /** The eventId of an action, the itemId of an item. */
  readonly id: string;
} & (
  | { readonly status: 'accepted'; readonly partition: number; readonly offset: number }
  /** It will never be accepted as it is. */
  | { readonly status: 'rejected'; readonly error: DescribedFault }
  /** It was not sent: the queue was full, or the client was closed before the gateway answered. */
  | { readonly status: 'dropped'; readonly error: DescribedFault }
);

/** An item of the catalogue; absent fields are empty. */
export type IdentifiedItem = Pick<Item, 'itemId' | 'title'> & {
  readonly text?: string;
  /** From broad to narrow. */
  readonly categories?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly vector?: readonly number[];
  readonly availability?: Item['availability'];
};

/** What a slate is for, and what may be in it. */
export interface RecommendQuery {
  /** Default: the user of the client. */
  readonly userId?: string;
  /** Number of items, 1 to 50. Default 10. */
  readonly n?: number;
  /** Where the slate is shown, such as `home`. */
  readonly surface?: string;
  readonly device?: Device;
  /** `bought-again` for the items alone that the user buys again and again. */
  readonly list?: ListByName;
  /** What else holds for the request, such as `gift`, by the names that rerank is set to tell apart. */
  readonly context?: readonly string[];
  /** Only items in at least one of these categories. */
  readonly category?: readonly string[];
  /** Only items in all of these categories. */
  readonly allCategories?: readonly string[];
  /** Only items with all of these attributes, each written `name:value`. */
  readonly attribute?: readonly string[];
  /** None of these items. */
  readonly exclude?: readonly string[];
}

export interface RecommendedItem {
  readonly itemId: string;
  readonly title: string;
  /** Place in the slate, 0 on top. */
  readonly slot: number;
  readonly score: number;
  /** Probability that the policy shows this item here. */
  readonly propensity: number;
  readonly models: readonly string[];
  readonly because: { readonly itemId: string; readonly title: string; readonly type: string } | null;
  /** The reason, in words for the user. */
  readonly reason: string;
}

export interface RecommendedSlate {
  readonly slateId: string;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly servedAt: number;
  readonly policy: string;
  readonly generation: string | null;
  /** Offset in `actions` of the newest action reflected; −1 for an unknown user. */
  readonly interestsVersion: number;
  readonly items: readonly RecommendedItem[];
}

export interface SimilarItems {
  readonly itemId: string;
  readonly title: string;
  readonly generation: string;
  /** `score` is the cosine, −1 to 1. */
  readonly items: readonly { readonly itemId: string; readonly title: string; readonly score: number }[];
  /** Cursor of the items that follow; null after the last one. */
  readonly next: string | null;
}

/** A value of another kind than stated, or an option that does not exist, is a TypeError that names the option. */
export interface TributaryClientOptions {
  /** Address of the gateway, such as https://events.shop.example. */
  readonly url: string;
  /** The user of actions and recommendations that name none. */
  readonly userId?: string;
  /** Called once with the verdict of every event, also of events that an earlier session left in the queue. */
  readonly onVerdict?: (verdict: TrackVerdict) => void;
  /**
   * Called when events or items cannot be delivered for now, once for each reason in a row: they wait and are sent again. The codes are
   * `gateway.unreachable`, `gateway.foreign` where something other than a gateway answers, such as a proxy or the server of a wrong `url`,
   * and those of the gateway. Default: a warning on the console.
   */
  readonly onError?: (fault: DescribedFault) => void;
  /** Most events of a request, 1 to 1,000. Default 100 in a browser, 1,000 (the most that the gateway accepts) in Node. */
  readonly batchSize?: number;
  /** Age at which an event is sent, however few there are, in milliseconds. Default 1,000 in a browser, 20 in Node. */
  readonly flushMs?: number;
  /** Most events that wait, at least 1; beyond it the oldest is dropped, with a verdict. Default 1,000 in a browser, 20,000 in Node. */
  readonly maxQueued?: number;
  /** Time in which the gateway must answer a request, in milliseconds. Default 15,000. */
  readonly timeoutMs?: number;
  /** Added to each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An item as the catalogue describes it. */
export interface CatalogueItem {
  readonly itemId: string;
  readonly title: string;
  readonly availability: Item['availability'];
  /** From broad to narrow. */
  readonly categories: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

export interface TributaryClient {
  /**
   * Queues an action and returns at once; id and time are taken now. The promise resolves with the verdict and never rejects.
   * An action on an item that `recommend` returned carries the slate and the slot in which the user saw it.
   */
  track(action: TrackedAction): Promise<TrackVerdict>;
  /** Tracks that the user saw items of a slate: all of them, or those at the given slots. */
  trackImpression(slate: RecommendedSlate, slots?: readonly number[]): Promise<TrackVerdict[]>;
  /** Puts items into the catalogue, each whole; resolves with a verdict for each, and never rejects. */
  identifyItems(items: readonly IdentifiedItem[]): Promise<TrackVerdict[]>;
  /** @throws ClientError if the gateway cannot answer */
  recommend(query?: RecommendQuery): Promise<RecommendedSlate>;
  /** @throws ClientError if the gateway cannot answer, or the item has no vector yet (`item.unknown`) */
  similar(itemId: string, query?: { readonly n?: number; readonly cursor?: string }): Promise<SimilarItems>;
  /** @throws ClientError if the gateway cannot answer, or the catalogue has no such item (`item.unlisted`) */
  item(itemId: string): Promise<CatalogueItem>;
  /** Changes the user of later actions; those already tracked keep theirs. */
  setUser(userId: string | undefined): void;
  /** Events without a verdict. */
  readonly queued: number;
  /** Resolves when the queue is less than half full: await it before `track` where actions come faster than they are sent. */
  ready(): Promise<void>;
  /** Sends what is queued at once; resolves when every event that was queued has a verdict. */
  flush(): Promise<void>;
  /** Sends what is queued for so long (default 5,000 ms); what remains gets the verdict `dropped`, but stays in a stored queue. */
  close(timeoutMs?: number): Promise<void>;
}
