import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { PROJECT } from '../local/parts.mjs';

/** The built client, a package of its own that needs no other; package.json exports it from here too. */
export const CLIENT_BUILD = join(PROJECT, '.build', 'client');

/** Most bytes of the client in a browser, compressed with gzip. */
export const MOST_CLIENT_BYTES = 5_000;

/** Where package.json exports the producer of actions from; it imports the packages of the project. */
export const KAFKA_BUILD = join(PROJECT, '.build', 'kafka');

/** Sizes of a bundle, in bytes. */
export interface BundleSize {
  readonly bytes: number;
  readonly gzip: number;
}

export interface ClientBuild {
  readonly browser: BundleSize;
  readonly node: BundleSize;
  /** Most bytes that the bundle of the browser may have with gzip. */
  readonly limit: number;
}

/**
 * Builds `tributary/client` for browsers and for Node, with its declarations, into a folder.
 * @throws an error of esbuild or of the compiler
 */
export async function buildClient(folder: string = CLIENT_BUILD): Promise<ClientBuild> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [browser, node] = await Promise.all([
    bundle('browser', 'browser', folder),
    bundle('node', 'node', folder),
    declare(folder),
  ]);
  describePackage(folder);
  return { browser, node, limit: MOST_CLIENT_BYTES };
}

/** Builds `tributary/kafka` for Node. */
export async function buildKafkaProducer(folder: string = KAFKA_BUILD): Promise<void> {
  await build({
    entryPoints: [join(PROJECT, 'services', '_app-producer', 'action-producer.ts')],
    outfile: join(folder, 'action-producer.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  });
}

async function bundle(entry: string, platform: 'browser' | 'node', folder: string): Promise<BundleSize> {
  const { outputFiles } = await build({
    entryPoints: [join(PROJECT, 'contracts', 'client', `${entry}.ts`)],
    outfile: join(folder, `${entry}.js`),
    bundle: true,
    format: 'esm',
    platform,
    target: platform === 'browser' ? 'es2022' : 'node20',
    minify: platform === 'browser',
    write: false,
    legalComments: 'none',
  });
  const [{ contents, path }] = outputFiles as [(typeof outputFiles)[number]];
  writeFileSync(path, contents);
  return { bytes: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

/** So that an app installs the folder: `npm install …/.build/client`, and imports `tributary/client`. */
function describePackage(folder: string): void {
  const { name, version, description, license, exports } = JSON.parse(
    readFileSync(join(PROJECT, 'package.json'), 'utf8'),
  ) as Record<string, unknown> & { exports: { './client': Record<string, unknown> } };
  const { 'tributary-source': _, ...built } = exports['./client'];
  const inFolder = JSON.parse(JSON.stringify(built).replaceAll('./.build/client/', './')) as object;
  const described = {
    name,
    version,
    description,
    license,
    type: 'module',
    exports: { './client': inFolder },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(described, null, 2)}\n`);
}

/** Declarations mirror the folder contracts, because the types come from its records. */
async function declare(folder: string): Promise<void> {
  const sources = ['browser.ts', 'node.ts'].map((name) => join(PROJECT, 'contracts', 'client', name));
  await promisify(execFile)(
    join(PROJECT, 'node_modules', '.bin', 'tsc'),
    [
      ...sources,
      ...['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--rewriteRelativeImportExtensions'],
      ...['--rootDir', join(PROJECT, 'contracts'), '--outDir', join(folder, 'types')],
      ...['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024', '--types', 'node'],
      ...['--strict', '--skipLibCheck', '--exactOptionalPropertyTypes'],
    ],
    { cwd: PROJECT },
  );
}
