import { reasonOf } from '#contracts/errors.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { connectIndex } from '#index-client/connect.ts';
import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readProposeConfig } from './config.ts';
import { createMedoidModel } from './medoid-model.ts';
import { MODEL } from './medoid-neighbours.ts';
import { createProposeMetrics } from './metrics.ts';
import { Popularity, popularityHorizon } from './popularity.ts';
import { trendingProposal } from './trending-model.ts';

await runStage(STAGES.propose, async (stage) => {
  const config = readProposeConfig();
  const index = connectIndex({ urls: config.indexUrls });
  stage.lifecycle.onStop('index', () => index.close());
  const popularity = new Popularity(config);
  const metrics = createProposeMetrics(stage.metrics.registry);
  const publish = async (proposal: Proposal, trace?: string): Promise<void> =>
    void (await stage.produce('proposals', proposal.userId, proposal, { trace }));

  let ownsFirstPartition = false;
  async function publishTrending(): Promise<void> {
    try {
      const proposal = await trendingProposal(popularity, index, config.candidates, Date.now());
      // One of the processes speaks for all: whoever owns the first partition.
      if (proposal !== undefined && ownsFirstPartition) await publish(proposal);
    } catch (error) {
      stage.log.warn({ reason: reasonOf(error) }, 'no list of what is trending this time');
    }
  }

  return async () => {
    const follower = await stage.follow(
      { actions: ({ value }) => void (value !== null && popularity.take(value)) },
      { actions: popularityHorizon(Date.now(), config.halfLifeDays) },
    );
    await follower.caughtUp;
    popularity.top(1);
    const timer = setInterval(() => void publishTrending(), config.trendingIntervalMs);
    stage.lifecycle.onStop('trending', () => clearInterval(timer));
    const handle = createMedoidModel({
      config,
      index,
      publish,
      popularityOf: (itemId) => popularity.share(itemId),
      log: stage.log,
      signal: stage.lifecycle.signal,
      countSkipped: (users) => metrics.skipped.inc(users),
    });
    await stage.consume(MODEL, { interests: handle }, (partitions) => {
      ownsFirstPartition = partitions.includes(0);
    });
  };
});
