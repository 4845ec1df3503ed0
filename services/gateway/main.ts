import { connectIndex } from '#index-client/connect.ts';
import { createPeer } from '#platform/http/peer.ts';
import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readGatewayConfig } from './config.ts';
import { createGatewayMetrics } from './metrics.ts';
import { addRoutes } from './routes.ts';
import { createTitles } from './titles.ts';

await runStage(STAGES.gateway, async (stage) => {
  const config = readGatewayConfig();
  const timeoutMs = config.peerTimeoutMs;
  const peers = {
    rerank: createPeer({ name: 'rerank', url: config.rerankUrl, timeoutMs }),
    interests: createPeer({ name: 'interests', url: config.interestsUrl, timeoutMs }),
    index: connectIndex({ urls: config.indexUrls, timeoutMs }),
  };
  const titles = createTitles({
    index: peers.index,
    capacity: config.titleCacheSize,
    ttlMs: config.titleTtlMs,
    log: stage.log,
    now: Date.now,
  });
  await addRoutes(stage, {
    peers,
    titles,
    itemRules: { vectorLength: config.itemVectorLength },
    batchOptions: { log: stage.log, timeoutMs: config.writeTimeoutMs },
    metrics: createGatewayMetrics(stage.metrics),
  });
  for (const [name, peer] of Object.entries(peers)) stage.lifecycle.onStop(name, () => peer.close());
});
