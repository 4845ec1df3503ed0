// `npm run format`: formats all files and fixes what Biome can fix safely.

import { join } from 'node:path';
import { runForeground } from './foreground.mjs';
import { PROJECT } from './parts.mjs';

const BIOME = join(PROJECT, 'node_modules', '.bin', 'biome');
process.exitCode = await runForeground(BIOME, ['check', '--write'], { cwd: PROJECT });
