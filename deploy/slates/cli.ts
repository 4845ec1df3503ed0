/** `npm run slates`: its commands by themselves. */
import { runCommandLine } from '#topics/command-line.ts';
import { slatesCommand } from './slates-command.ts';

await runCommandLine(slatesCommand(), process.argv.slice(2));
