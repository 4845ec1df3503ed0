import type { StagePorts } from '#platform/stage.ts';
import type { Admission } from './admission.ts';
import { addCors } from './cors.ts';
import type { BatchOptions } from './ingest/batch.ts';
import type { ItemRules } from './ingest/item.ts';
import type { GatewayMetrics } from './metrics.ts';
import { addOpenApi } from './openapi.ts';
import { addReadRoutes, type Peers } from './read-routes.ts';
import type { Retention } from './retention.ts';
import type { Titles } from './titles.ts';
import { addWriteRoutes } from './write-routes.ts';

export interface RoutesOptions {
  readonly peers: Peers;
  readonly titles: Titles;
  readonly itemRules: ItemRules;
  readonly batchOptions: BatchOptions;
  readonly metrics: GatewayMetrics;
  readonly retention: Pick<Retention, 'maxAgeMs' | 'lookAgain'>;
  /** Origins whose pages may call the gateway. */
  readonly corsOrigins: readonly string[];
  /** Limits the write requests in flight. */
  readonly admission: Admission;
}

/** Adds the routes of the gateway, and `GET /openapi.json` and `/docs`, which describe them. */
export async function addRoutes(stage: StagePorts, options: RoutesOptions): Promise<void> {
  const { peers, titles } = options;
  await addCors(stage.http, options.corsOrigins);
  await addOpenApi(stage.http);
  await addWriteRoutes(stage, options);
  await addReadRoutes(stage.http, peers, titles);
}
