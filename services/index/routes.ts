import type { FastifyInstance } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { TributaryError } from '#contracts/errors.ts';
import type { ItemEntry } from '#index-client/index-client.ts';
import type { CatalogueEntry } from '#published/catalogue.ts';
import type { LiveIndex } from './live-index.ts';
import type { IndexMetrics } from './metrics.ts';
import { ItemsBody, SearchBody, SimilarQuery, VectorsBody } from './schemas.ts';
import { chooseGeneration, readVectors, searchAll } from './search.ts';

interface Body<S extends TSchema> {
  readonly Body: Static<S>;
}

/** The routes that other stages and the gateway ask. */
export function addRoutes(http: FastifyInstance, index: LiveIndex, metrics: IndexMetrics): void {
  http.post<Body<typeof SearchBody>>('/search', { schema: { body: SearchBody } }, async (request) => {
    const { generation, queries, k } = request.body;
    const finished = metrics.searchSeconds.startTimer();
    const chosen = chooseGeneration(index, generation);
    const results = searchAll(chosen, queries, k);
    finished();
    return { generation: chosen.generation.id, results };
  });

  http.post<Body<typeof ItemsBody>>('/items', { schema: { body: ItemsBody } }, async (request) => {
    const { itemIds } = request.body;
    if (!index.isCaughtUp) {
      const reason = 'the catalogue is still being read';
      throw new TributaryError('stage.not-ready', reason, { status: 503, retryable: true });
    }
    const items = Object.create(null) as Record<string, ItemEntry>;
    for (const itemId of itemIds) {
      const entry = index.catalogue.get(itemId);
      if (entry !== undefined) items[itemId] = shownEntry(entry);
    }
    return { items, isKept: index.catalogue.isKept };
  });

  http.post<Body<typeof VectorsBody>>('/vectors', { schema: { body: VectorsBody } }, async (request) => {
    const { generation, itemIds } = request.body;
    return { generation, vectors: readVectors(chooseGeneration(index, generation), itemIds) };
  });

  http.get<{ Params: { id: string }; Querystring: Static<typeof SimilarQuery> }>(
    '/items/:id/similar',
    { schema: { querystring: SimilarQuery } },
    async (request) => {
      const { id: itemId } = request.params;
      const chosen = chooseGeneration(index);
      const [result] = searchAll(chosen, [{ itemId }], request.query.n);
      if (result === undefined || 'error' in result) {
        throw new TributaryError('item.unknown', `“${itemId}” has no vector in ${chosen.generation.id}`, {
          status: 404,
          field: 'itemId',
        });
      }
      return {
        itemId,
        title: titleOf(index, itemId),
        generation: chosen.generation.id,
        items: result.neighbours.map(({ itemId: near, score }) => ({
          itemId: near,
          title: titleOf(index, near),
          score,
        })),
      };
    },
  );

  http.get('/status', async () => {
    const { served } = index;
    const active = served && {
      generation: served.generation.id,
      items: served.graph.size,
      duplicates: served.refined.duplicateCount,
    };
    const { place, count } = index.shard;
    return { active: active ?? null, held: index.heldIds(), shard: place, shards: count };
  });
}

function shownEntry({ title, availability, image, category }: CatalogueEntry): ItemEntry {
  return { title, availability, ...(image !== null && { image }), ...(category !== null && { category }) };
}

/** The id stands in for the title of an item whose catalogue entry has not come yet. */
function titleOf(index: LiveIndex, itemId: string): string {
  return index.catalogue.get(itemId)?.title ?? itemId;
}
