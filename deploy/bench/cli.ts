// `npm run bench -- NAME [--json]`: how fast a part is, beside its peers.

import { runCommand } from './command.ts';

await runCommand('bench', {
  ward: { title: "Ward's clustering and its cut, beside scipy", load: () => import('./ward.ts') },
});
