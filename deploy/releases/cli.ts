/** `npm run releases`: the commands of `tributary releases`, by themselves. */
import { runCommandLine } from '#topics/command-line.ts';
import { releasesCommand } from './releases-command.ts';

await runCommandLine(releasesCommand(), process.argv.slice(2));
