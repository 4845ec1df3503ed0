// `npm run evaluate -- NAME [--json]`: measures the quality of a part, beside its peers.

import { runMeasurement } from '../figures/command.ts';

await runMeasurement('evaluate', {
  pinsage: {
    title: 'PinSage as a recommender of its own on the temporal split of completejourney',
    load: () => import('./pinsage/measure.ts'),
  },
  pinnersage: {
    title: "PinnerSage's tables 3 and 4 on a year of grocery baskets",
    load: () => import('./pinnersage/measure.ts'),
  },
});
