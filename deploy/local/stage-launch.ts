import { join } from 'node:path';
import { STAGES, type StageRow, WORKERS } from '#stages/stages.ts';
import { SetupError } from './parts/setup-error.mjs';
import { PROJECT } from './parts.mjs';

/** Where stages are, and which there are. */
export interface StageSources {
  /** Holds the folders of the rows. */
  readonly services: string;
  readonly rows: readonly Pick<StageRow, 'folder' | 'heapMiB'>[];
}

/** The stages of the project and their workers. */
export const OWN_STAGES: StageSources = {
  services: join(PROJECT, 'services'),
  rows: [...Object.values(STAGES), ...Object.values(WORKERS)],
};

/**
 * Returns the arguments with which Node runs a stage.
 * @param folder - that of the stage, or of one of its workers, below services/
 * @throws {SetupError} that lists the stages if the folder is unknown
 */
export function stageArguments(folder: string, { services, rows }: StageSources = OWN_STAGES): string[] {
  const row = rows.find((candidate) => candidate.folder === folder);
  if (row === undefined) {
    const known = rows.map((candidate) => candidate.folder);
    throw new SetupError(`There is no stage "${folder}"`, `The stages are ${known.join(', ')}`);
  }
  return [
    // A larger young generation keeps short-lived messages from being promoted, which makes pauses rarer.
    '--max-semi-space-size=16',
    `--max-old-space-size=${row.heapMiB}`,
    // One thread, not four, marks garbage beside the one that works, so that fewer threads want a core at once; and it does so when the old
    // generation has doubled, instead of grown by a third (decision 0088).
    '--v8-pool-size=1',
    '--heap-growing-percent=100',
    join(services, folder, 'main.ts'),
  ];
}
