import { SetupError } from '../local/parts/setup-error.mjs';

/** Turns an error about a file or a mapping of the user into one sentence with the remedy; undefined for any other error. */
export function fileFailure(error: unknown): SetupError | undefined {
  const {
    name,
    code = '',
    message,
    path,
    proposal,
  } = error as NodeJS.ErrnoException & { proposal?: unknown };
  if (code === 'ENOENT') return new SetupError(`There is no file ${path}`, 'Check the path');
  if (code === 'EISDIR') return new SetupError(`${path} is a folder`, 'Name a file in it');
  if (code === 'EACCES') return new SetupError(`You may not read ${path}`, 'Change its permissions');
  if (!['MappingError', 'FileError'].includes(name)) return undefined;
  return new SetupError(
    message.replace(/\.+$/, ''),
    proposal === undefined
      ? 'deploy/data/README.md explains the formats and the mapping'
      : '`npm run load` with these files and --propose mapping.json writes that mapping; deploy/data/README.md explains it',
  );
}
