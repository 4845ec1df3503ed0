// A step of `npm run check`: checks which folder imports which, and that every stage is complete.

import { STAGES } from '#stages/stages.ts';
import { PROJECT } from '../local/parts.mjs';
import { checkStages } from './check-stages.ts';
import { checkWalls } from './check-walls.ts';

const faults = [...checkWalls(PROJECT), ...checkStages(PROJECT, Object.values(STAGES))];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log('Every import stays within the walls, and every stage is complete.');
