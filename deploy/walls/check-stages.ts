import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageRow } from '#stages/stages.ts';
import { roomOf } from './rules.ts';

const FILES = ['main.ts', 'config.ts', 'metrics.ts', 'README.md'];

/**
 * Checks the folders of stages against the tables of stages: that of the code and that of services/README.md.
 * @param table - the rows of the code
 * @returns a line for each fault
 */
export function checkStages(project: string, table: readonly Pick<StageRow, 'folder'>[]): string[] {
  const folders = stageFolders(project);
  const rows = table.map(({ folder }) => folder);
  const readme = readFileSync(join(project, 'services/README.md'), 'utf8');
  return [
    ...rows
      .filter((row) => !folders.includes(row))
      .map((row) => `services/${row} is missing: the table of stages has a row for it`),
    ...folders
      .filter((folder) => !rows.includes(folder))
      .map((folder) => `services/${folder} has no row in services/_stages/stages.ts`),
    ...folders
      .filter((folder) => !readme.includes(`\n| [${folder}](${folder}/README.md) |`))
      .map((folder) => `services/${folder} has no row in the table of services/README.md`),
    ...folders.flatMap((folder) =>
      FILES.filter((file) => !existsSync(join(project, 'services', folder, file))).map(
        (file) => `services/${folder} has no ${file}`,
      ),
    ),
  ];
}

function stageFolders(project: string): string[] {
  return readdirSync(join(project, 'services'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && roomOf(`services/${entry.name}/main.ts`)?.floor === 'stage')
    .map(({ name }) => name)
    .sort();
}
