/** `npm run topics`: the commands of `tributary topics`, by themselves. */
import { runCommandLine } from './command-line.ts';
import { topicsCommand } from './topics-command.ts';

await runCommandLine(topicsCommand(), process.argv.slice(2));
