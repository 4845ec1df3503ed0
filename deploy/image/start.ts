// The entry point of the image. `start.ts interests` becomes that stage, in the same process, so that signals reach it;
// `start.ts topics …`, `start.ts releases …` and `start.ts load …` run these command lines.

import { OWN_STAGES, stageArguments } from '../local/stage-launch.ts';
import { heapWithin } from './heap.ts';

const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  topics: () => import('#topics/cli.ts'),
  releases: () => import('../releases/cli.ts'),
  load: () => import('../load/cli.ts'),
};

const [name = '', ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
if (command !== undefined) {
  process.argv = [process.execPath, name, ...rest];
  await command();
} else {
  becomeStage(name);
}

function becomeStage(folder: string): void {
  const row = OWN_STAGES.rows.find((candidate) => candidate.folder === folder);
  if (row === undefined) {
    const known = [...OWN_STAGES.rows.map((candidate) => candidate.folder), ...Object.keys(COMMANDS)];
    process.stderr.write(`There is no stage or command "${folder}". There are ${known.join(', ')}.\n`);
    process.exit(2);
  }
  const heapMiB = heapWithin(row.heapMiB, process.constrainedMemory());
  const sources = { ...OWN_STAGES, rows: [{ folder, heapMiB }] };
  const { execve } = process;
  if (execve === undefined) throw new Error('the image needs Node 22.15 or newer');
  execve(process.execPath, [process.execPath, ...stageArguments(folder, sources)]);
}
