// `npm run bench -- NAME [--json]`: measures the speed of a part, beside its peers.

import { runMeasurement } from '../figures/command.ts';

await runMeasurement('bench', {
  ward: { title: "Ward's clustering and its cut, beside scipy", load: () => import('./ward.ts') },
  incremental: {
    title: 'The incremental clustering beside the full one, on real windows',
    load: () => import('./incremental.ts'),
  },
  index: {
    title: "The index's graph beside Python hnswlib, on PinSage's vectors",
    load: () => import('./index-search.ts'),
  },
  interests: {
    title: 'The interests stage from Kafka to Redis: baskets, single actions, and its growth with users',
    options: ['part'],
    load: () => import('./interests.ts'),
  },
  feedback: {
    title:
      'The join of feedback on Redis: processor time of a slate, also for a user with thousands of slates',
    load: () => import('./feedback.ts'),
  },
  propose: {
    title:
      'Ranking by the default models: processor time of a user in catalogues of two sizes, without Kafka',
    load: () => import('./propose.ts'),
  },
  slate: {
    title: 'The choice of a slate by each policy, with and without the limit of kinds: processor time',
    load: () => import('./slate.ts'),
  },
  live: {
    title: 'Single actions of random users, from the gateway to a slate: freshness and processor time',
    options: ['users', 'seconds', 'rates', 'parts', 'worlds', 'hold'],
    load: () => import('./live.ts'),
  },
  reward: {
    title: 'From rewards in the log, positive and negative ones, to slates of a posterior that includes them',
    load: () => import('./reward.ts'),
  },
  'pinsage-training': {
    title: 'Training PinSage beside PyTorch with DGL, on the graph of completejourney',
    load: () => import('./pinsage-training.ts'),
  },
  retrain: {
    title: "A retraining on completejourney's whole year, from the log to the flip",
    load: () => import('./retrain.ts'),
  },
  models: {
    title:
      "The share of each model in training completejourney's whole year, and in the processor time of an action and a slate",
    options: ['share'],
    load: () => import('./models.ts'),
  },
  flip: {
    title: 'Requests to the index while generations take turns: failures and mixed answers',
    load: () => import('./flip.ts'),
  },
  'scale-out': {
    title:
      'Actions and slates a second with one and with two processes of each stage, each limited to a tenth of a core',
    options: ['cores'],
    load: () => import('./scale-out.ts'),
  },
  'cold-start': {
    title: 'From the start of the process of each stage until it is ready, also with a million vectors',
    options: ['vectors'],
    load: () => import('./cold-start.ts'),
  },
  'new-item': {
    title: 'From a new item to its being found, with all stages running',
    load: () => import('./new-item.ts'),
  },
});
