/** Finds the commands in the documents of the project. Pure, but for reading the files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface DocCommand {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As a shell reads it; lines that belong together are one text. */
  readonly text: string;
}

const STARTS = /^(npm|npx|curl|node|kubectl|docker|export|source|echo|python3|java)\b/;

/** Records of decisions and findings describe the past, and are not run again. */
const OF_THE_PAST = /^(CHANGELOG\.md|services\/docs\/decisions\/|deploy\/(evaluate|bench)\/findings)/;

export function readDocCommands(project: string): DocCommand[] {
  return documentsOf(project).flatMap((file) => commandsIn(file, readFileSync(join(project, file), 'utf8')));
}

/** Returns the paths of the documents that tell people what to type. */
export function documentsOf(project: string): string[] {
  return ['contracts', 'deploy', 'services', 'topics']
    .flatMap((folder) => readdirSync(join(project, folder), { recursive: true, withFileTypes: true }))
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.md') && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => relative(project, join(entry.parentPath, entry.name)))
    .concat('README.md')
    .filter((file) => !OF_THE_PAST.test(file))
    .sort();
}

/** Returns the commands of one document: lines of fenced or indented code that begin with a program. */
export function commandsIn(file: string, markdown: string): DocCommand[] {
  const commands: DocCommand[] = [];
  const lines = markdown.split('\n');
  let isFenced = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.startsWith('```')) isFenced = !isFenced;
    if (!isFenced && !line.startsWith('    ')) continue;
    const first = line.trim().replace(/^\$ /, '');
    if (!STARTS.test(first)) continue;
    const begin = index;
    let text = first;
    while (isOpen(text) && index + 1 < lines.length && !lines[index + 1]!.startsWith('```')) {
      index += 1;
      text += `\n${lines[index]!.trim()}`;
    }
    commands.push({ file, line: begin + 1, text: withoutComment(text) });
  }
  return commands;
}

/** Whether a quote or a backslash at the end continues the command on the next line. */
function isOpen(text: string): boolean {
  return text.endsWith('\\') || text.replace(/'[^']*'|"[^"]*"/g, '').includes("'");
}

function withoutComment(text: string): string {
  return text.replace(/\s{2,}#.*$/, '').trim();
}

/** Returns the commands that a document names in code: the words X of `npm run X` and `tributary X`. */
export function namesIn(
  markdown: string,
): ReadonlyArray<{ readonly program: 'npm' | 'tributary'; readonly name: string }> {
  return Array.from(
    markdown.matchAll(/(npm run|`tributary|npx tributary) ([a-z][\w:-]*)/g),
    ([, program, name]) => ({
      program: program === 'npm run' ? 'npm' : 'tributary',
      name: name!,
    }),
  );
}
