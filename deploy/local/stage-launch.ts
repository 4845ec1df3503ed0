import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './parts/setup-error.mjs';
import { PROJECT } from './parts.mjs';

const SERVICES = join(PROJECT, 'services');
/** Heap limit in MB. Retraining holds a graph of all items and its training batches; the other stages hold little. */
const OLD_SPACE_MB = { retrain: 2_048, other: 512 };

/** Lists the stages of a services folder: its folders with a main.ts, except those that begin with an underscore. */
export function listStages(services: string = SERVICES): string[] {
  return readdirSync(services)
    .filter((name) => !name.startsWith('_') && existsSync(join(services, name, 'main.ts')))
    .sort();
}

/** Processes that a stage starts itself, or that run elsewhere on its behalf. */
const WORKERS = ['retrain/inference'];

/**
 * Returns the arguments with which Node runs a stage. @throws {SetupError} that lists the stages if the name is
 * unknown
 */
export function stageArguments(name: string, services: string = SERVICES): string[] {
  const workers = WORKERS.filter((worker) => existsSync(join(services, worker, 'main.ts')));
  const known = [...listStages(services), ...workers];
  if (!known.includes(name))
    throw new SetupError(`There is no stage "${name}"`, `The stages are ${known.join(', ')}`);
  const oldSpace = name === 'retrain' ? OLD_SPACE_MB.retrain : OLD_SPACE_MB.other;
  // A larger young generation keeps short-lived messages from being promoted, which makes pauses rarer.
  return ['--max-semi-space-size=16', `--max-old-space-size=${oldSpace}`, join(services, name, 'main.ts')];
}
