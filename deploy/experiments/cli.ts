/** `npm run experiments`: the commands of experiments by themselves. */
import { runCommandLine } from '#topics/command-line.ts';
import { experimentsCommand } from './experiments-command.ts';

await runCommandLine(experimentsCommand(), process.argv.slice(2));
