import { createEventQueue, type EventQueue, reasonAgainst } from './event-queue.ts';
import { ClientError, createGatewayCall, type GatewayCall } from './gateway-call.ts';
import type { ClientPlatform } from './platform.ts';
import { createPump, dropped, faultOf, type Pump, type PumpOptions } from './pump.ts';
import { createShownItems } from './shown.ts';
import { createSkew } from './skew.ts';
import type {
  CatalogueItem,
  IdentifiedItem,
  RecommendedSlate,
  SimilarItems,
  TrackedAction,
  TrackVerdict,
  TributaryClient,
  TributaryClientOptions,
} from './types.ts';
import { uuidV7 } from './uuid.ts';

/** What the entries for browsers and Node need besides the client itself. */
export interface ClientParts extends Pick<EventQueue, 'leave' | 'hurry'> {
  readonly client: TributaryClient;
}

export function createClientOn(platform: ClientPlatform, options: TributaryClientOptions): ClientParts {
  const { now, limits } = platform;
  const skew = createSkew();
  const call = createGatewayCall(options, platform, skew);
  const shown = createShownItems(limits.maxShown, platform.memory);
  const onError = createReport(options, () => queue.length);
  const queue = createEventQueue({ platform, call, skew, options, onError });
  const catalogue = createCatalogue(call, platform, onError);
  let user = options.userId;

  function track(action: TrackedAction): Promise<TrackVerdict> {
    const { eventId = uuidV7(now(), platform.fill), userId = user, occurredAt, ...rest } = action;
    const isOpen = userId !== undefined && rest.slateId === undefined;
    const place = isOpen ? shown.find(userId, action.itemId) : undefined;
    const event = { eventId, userId, ...place, ...rest, occurredAt: occurredAt ?? now() };
    return queue.add({ event, isGiven: occurredAt !== undefined });
  }

  async function flushWithin(timeoutMs: number): Promise<void> {
    let end: () => void = () => undefined;
    const timeout = new Promise<void>((resolve) => {
      end = platform.later(timeoutMs, resolve);
    });
    await Promise.race([queue.flush(), timeout]);
    end();
  }

  const client: TributaryClient = {
    track,
    trackImpression({ slateId, userId, items }, slots) {
      const seen = items.filter(({ slot }) => slots?.includes(slot) ?? true);
      return Promise.all(
        seen.map(({ itemId, slot }) => {
          // Derived, so that an item that scrolls into view twice was seen once.
          const eventId = `impression-${slateId}-${slot}`;
          return track({ eventId, userId, itemId, type: 'impression', slateId, slot });
        }),
      );
    },
    identifyItems: catalogue.put,
    async recommend(query = {}) {
      const parameters = Object.entries({ userId: user ?? '', n: 10, ...query }).flatMap(([name, values]) =>
        [values].flat().map((value) => `${name}=${encodeURIComponent(value)}`),
      );
      const slate = await read<RecommendedSlate>(call, `/v1/recommendations?${parameters.join('&')}`);
      shown.add(slate);
      return slate;
    },
    // Ids stand in queries: a path loses those of dots.
    similar: (itemId, { n = 10, cursor } = {}) =>
      read<SimilarItems>(
        call,
        `/v1/similar?itemId=${encodeURIComponent(itemId)}&n=${n}${cursor ? `&cursor=${cursor}` : ''}`,
      ),
    item: (itemId) => read<CatalogueItem>(call, `/v1/items?itemId=${encodeURIComponent(itemId)}`),
    setUser(userId) {
      user = userId;
    },
    get queued() {
      return queue.length;
    },
    ready: queue.ready,
    flush: queue.flush,
    async close(timeoutMs = 5_000) {
      await flushWithin(timeoutMs);
      const reason = `the gateway did not answer within ${timeoutMs} ms`;
      queue.close(reason);
      catalogue.close(reason);
    },
  };
  return { client, leave: queue.leave, hurry: queue.hurry };
}

/** An error of the app must not stop the queue. Without `onError` the console says that events wait, so that no wrong address is silent. */
function createReport({ onError }: TributaryClientOptions, waiting: () => number): PumpOptions['onError'] {
  return (fault) => {
    try {
      if (onError) onError(fault);
      else console.warn(`tributary: ${waiting()} events wait: ${fault.reason}. ${fault.remedy ?? ''}`);
    } catch (error) {
      console.error('tributary: onError failed', error);
    }
  };
}

/** Puts items into the catalogue; each call has a queue of its own, because items need no order among calls. */
function createCatalogue(call: GatewayCall, platform: ClientPlatform, onError: PumpOptions['onError']) {
  const pumps = new Set<Pump>();
  return {
    put(items: readonly IdentifiedItem[]): Promise<TrackVerdict[]> {
      const pump = createPump({
        method: 'PUT',
        path: '/v1/items',
        call,
        platform,
        correction: () => 0,
        onError,
      });
      const verdicts = items.map(
        (item) =>
          new Promise<TrackVerdict>((settle) => {
            const id = item.itemId;
            const reason = reasonAgainst(item);
            if (reason === undefined) pump.waiting.push({ id, json: () => JSON.stringify(item), settle });
            else settle(dropped(id, 'event.not-json', reason));
          }),
      );
      pumps.add(pump);
      void pump.run().finally(() => pumps.delete(pump));
      return Promise.all(verdicts);
    },
    close(reason: string) {
      for (const pump of pumps) {
        pump.stop();
        for (const { id, settle } of pump.waiting.splice(0)) settle(dropped(id, 'client.closed', reason));
      }
    },
  };
}

/** @throws ClientError unless the gateway answers 200 */
async function read<T>(call: GatewayCall, path: string): Promise<T> {
  const answer = await call('GET', path);
  if (answer.status === 200) return answer.body as T;
  throw new ClientError(answer.status, faultOf(answer));
}
