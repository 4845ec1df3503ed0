import type { Proposal } from '#contracts/generated/records.ts';
import { asOne } from '#platform/kafka/batches-together.ts';
import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readProposeConfig } from './config.ts';
import { ForEveryone } from './for-everyone.ts';
import { addNeighbourRoute } from './inspect-routes.ts';
import { createProposeMetrics } from './metrics.ts';
import { createModels, type ModelsByAudience } from './models.ts';
import { createPass } from './pass.ts';
import { createReport } from './report.ts';
import { openResources } from './resources.ts';
import { Runner } from './runner.ts';

await runStage(STAGES.propose, async (stage) => {
  const config = readProposeConfig();
  const metrics = createProposeMetrics(stage.metrics.registry);
  const report = createReport({ metrics, log: stage.log, now: Date.now });
  const publish = async (proposal: Proposal, trace?: string): Promise<void> =>
    void (await stage.produce('proposals', proposal.userId, proposal, { trace, insists: true }));
  let inspected: ModelsByAudience['forUsers'] = [];
  addNeighbourRoute(stage.http, () => inspected, Date.now);
  return async () => {
    const models = createModels(config, await openResources(stage, config));
    inspected = models.forUsers;
    const { timeoutMs, waitingUsers } = config;
    const shared = { timeoutMs, waitingUsers, publish, report };
    const runners = models.forUsers.map(
      (model) =>
        new Runner({
          ...shared,
          model,
          isAlone: models.forUsers.length === 1,
          signal: stage.lifecycle.signal,
          onFailure: (error) => stage.lifecycle.fail(error),
        }),
    );
    stage.lifecycle.onStop('models', async () => void (await Promise.all(runners.map((one) => one.close()))));
    const forEveryone = new ForEveryone({ ...shared, models: models.forEveryone, now: Date.now });
    stage.lifecycle.onStop('lists for everyone', () => forEveryone.close());
    const pass = createPass(runners, publish);
    await stage.consume(
      config.group,
      { interests: asOne((batches) => pass(...batches)) },
      {
        onAssigned: (partitions) => forEveryone.own(partitions),
      },
    );
  };
});
