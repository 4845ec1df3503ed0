// `npm run evaluate -- NAME [--json]`: how good a part is, beside its peers.

import { runCommand } from '../bench/command.ts';

await runCommand('evaluate', {
  pinnersage: {
    title: "PinnerSage's tables 3 and 4 on a year of grocery baskets",
    load: () => import('./pinnersage/measure.ts'),
  },
});
