// `npm run bench -- NAME [--json]`: how fast a part is, beside its peers.

import { runCommand } from './command.ts';

await runCommand('bench', {
  ward: { title: "Ward's clustering and its cut, beside scipy", load: () => import('./ward.ts') },
  incremental: {
    title: 'The incremental clustering beside the full one, on real windows',
    load: () => import('./incremental.ts'),
  },
  interests: {
    title: 'The interests stage from Kafka to Redis, and its growth with users',
    load: () => import('./interests.ts'),
  },
});
