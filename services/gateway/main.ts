import { connectIndex } from '#index-client/connect.ts';
import { createPeer } from '#platform/http/peer.ts';
import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { ACTIONS_RETENTION_MS } from '#topics/catalog.ts';
import { createAdmission } from './admission.ts';
import { readGatewayConfig, servesConsole } from './config.ts';
import { addConsole } from './console/console-routes.ts';
import { createGatewayMetrics } from './metrics.ts';
import { followRetention } from './retention.ts';
import { addRoutes } from './routes.ts';
import { createTitles } from './titles.ts';

await runStage(STAGES.gateway, async (stage) => {
  const config = readGatewayConfig();
  const limits = { timeoutMs: config.peerTimeoutMs, maxCalls: config.maxPeerCalls };
  const peers = {
    rerank: createPeer({ name: 'rerank', url: config.rerankUrl, ...limits }),
    interests: createPeer({ name: 'interests', url: config.interestsUrl, ...limits }),
    index: connectIndex({ urls: config.indexUrls, ...limits }),
  };
  const retention = await followRetention({
    kafka: stage.kafka,
    topic: stage.topic('actions'),
    fallbackMs: ACTIONS_RETENTION_MS,
    log: stage.log,
  });
  stage.lifecycle.onStop('retention', () => retention.close());
  const titles = createTitles({
    index: peers.index,
    capacity: config.titleCacheSize,
    ttlMs: config.titleTtlMs,
    log: stage.log,
    now: Date.now,
  });
  const metrics = createGatewayMetrics(stage.metrics);
  await addRoutes(stage, {
    peers,
    titles,
    itemRules: { vectorLength: config.itemVectorLength },
    retention,
    corsOrigins: config.corsOrigins,
    admission: createAdmission({ maxRequests: config.maxWrites, maxBytes: config.maxWriteBytes }),
    batchOptions: { log: stage.log, timeoutMs: config.writeTimeoutMs },
    metrics,
  });
  const propose = createPeer({ name: 'propose', url: config.proposeUrl, ...limits });
  stage.lifecycle.onStop('propose', () => propose.close());
  if (servesConsole(config, stage.config.host))
    await addConsole(stage, {
      ...peers,
      propose,
      isLocal: config.console === 'local',
      mayDecide: config.consoleActions === 'on',
      countDecision: metrics.countDecision,
    });
  for (const [name, peer] of Object.entries(peers)) stage.lifecycle.onStop(name, () => peer.close());
});
