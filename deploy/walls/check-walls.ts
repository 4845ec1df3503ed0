import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, posix, relative } from 'node:path';
import { referencesOf } from './references.ts';
import { brokenRule, mayComputeImports } from './rules.ts';

/** The `imports` of package.json: `#platform/*` → `./services/_platform/*`. */
export type Aliases = Readonly<Record<string, string>>;

/**
 * Resolves all references of all TypeScript and JavaScript files of a project and checks them against the rules.
 * @returns a line for each fault, `path:line: "specifier": the rule that it breaks`
 */
export function checkWalls(project: string): string[] {
  const { imports = {} } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    imports?: Aliases;
  };
  return sourcesOf(project).flatMap((path) =>
    referencesOf(readFileSync(join(project, path), 'utf8')).flatMap(({ specifier, line }) => {
      const rule = faultOf(project, path, specifier, imports);
      return rule === undefined ? [] : [`${path}:${line}: ${JSON.stringify(specifier) ?? 'import'}: ${rule}`];
    }),
  );
}

function faultOf(
  project: string,
  path: string,
  specifier: string | undefined,
  aliases: Aliases,
): string | undefined {
  if (specifier === undefined) {
    return mayComputeImports(path) ? undefined : 'a computed path cannot be checked: write it as a literal';
  }
  const target = resolveSpecifier(project, path, specifier, aliases);
  if (target === undefined) return undefined;
  if (target.startsWith('..')) return 'the file is outside the project';
  return brokenRule(path, target);
}

/** Returns the path in the project; undefined for a module of Node or of a package. */
export function resolveSpecifier(
  project: string,
  from: string,
  specifier: string,
  aliases: Aliases,
): string | undefined {
  if (specifier.startsWith('#')) {
    const [alias, target] = Object.entries(aliases).find(([name]) => aliasMatches(name, specifier)) ?? [];
    if (alias === undefined || target === undefined) return undefined;
    return posix.normalize(target.replace('*', specifier.slice(alias.length - 1)));
  }
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier));
  const file = specifier.startsWith('file:') ? new URL(specifier).pathname : specifier;
  return isAbsolute(file) ? relative(project, file) : undefined;
}

function aliasMatches(alias: string, specifier: string): boolean {
  return alias.endsWith('*') ? specifier.startsWith(alias.slice(0, -1)) : specifier === alias;
}

/** Returns the paths of all sources below the root folder, without packages and hidden folders. */
function sourcesOf(project: string): string[] {
  return readdirSync(project, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && !name.startsWith('.'))
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: folder }) =>
      readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.[mc]?[jt]sx?$/.test(entry.name))
        .map((entry) => relative(project, join(entry.parentPath, entry.name))),
    )
    .sort();
}
