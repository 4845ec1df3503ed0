/** `tributary`: the one program for those who produce, operate and debug. */
import { runCommandLine } from '#topics/command-line.ts';
import { buildProgram, isNamedBy } from './build-program.ts';

const words = process.argv.slice(2);
await runCommandLine(await buildProgram(isNamedBy(words)), words);
