// `npm run image [-- stage training kafka registry redis]`: builds images with Docker, Podman or buildah. The servers are for a
// cluster that reaches no registry of images. The last line is one JSON object.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitWithFailure } from '../local/failure.ts';
import { findJava } from '../local/parts/java.mjs';
import { SetupError } from '../local/parts/setup-error.mjs';
import { bringParts, PROJECT } from '../local/parts.mjs';
import { buildImage, type Engine, findEngine, imageBytes, saveImage } from './engine.ts';
import { IMAGE_NAMES, imageName, SERVER_DOCKERFILE, SERVER_IMAGES, STAGE_DOCKERFILE } from './images.ts';

/** The registry needs Java 21, Kafka 17. */
const MINIMUM_JAVA = 21;
/** What the two servers use of Java; jlink adds what these modules need. */
const JAVA_MODULES =
  'java.se,jdk.unsupported,jdk.crypto.ec,jdk.zipfs,jdk.management,jdk.naming.dns,jdk.security.auth,jdk.localedata,jdk.net,jdk.jfr';

interface Options {
  readonly base: string | undefined;
  readonly serverBase: string | undefined;
  readonly version: string | undefined;
  readonly context: string;
  readonly archives: string | undefined;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      'server-base': { type: 'string' },
      version: { type: 'string' },
      context: { type: 'string', default: PROJECT },
      archives: { type: 'string' },
    },
  });
  const names = positionals.length === 0 ? ['stage', 'training'] : positionals;
  const unknown = names.find((name) => !IMAGE_NAMES.includes(name));
  if (unknown !== undefined)
    throw new SetupError(`There is no image "${unknown}"`, `The images are ${IMAGE_NAMES.join(', ')}`);
  const { base, version, context, archives } = values;
  const options = { base, serverBase: values['server-base'], version, context, archives };
  const engine = findEngine();
  const servers = names.filter((name) => name in SERVER_IMAGES);
  const scratch = mkdtempSync(join(tmpdir(), 'tributary-image-'));
  try {
    if (servers.length > 0) await prepareServers(scratch, servers);
    const rows = names.map((name) => build(engine, name, name in SERVER_IMAGES ? scratch : context, options));
    console.log(JSON.stringify({ engine, images: rows }));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function build(engine: Engine, name: string, context: string, options: Options) {
  const isServer = name in SERVER_IMAGES;
  const image = imageName(name, options.version);
  const base = isServer ? options.serverBase : options.base;
  const started = performance.now();
  buildImage(engine, {
    image,
    dockerfile: isServer ? SERVER_DOCKERFILE : STAGE_DOCKERFILE,
    context,
    target: name,
    args: {
      ...(base === undefined ? {} : { BASE: base }),
      ...(options.version === undefined || isServer ? {} : { VERSION: options.version }),
    },
  });
  const row = { image, megabytes: Math.round(imageBytes(engine, image) / 1e6) };
  const seconds = Math.round((performance.now() - started) / 1_000);
  if (options.archives === undefined) return { ...row, seconds };
  mkdirSync(options.archives, { recursive: true });
  const archive = join(options.archives, `${image.replace(':', '-')}.tar`);
  saveImage(engine, image, archive);
  return { ...row, seconds, archive, archiveMegabytes: Math.round(statSync(archive).size / 1e6) };
}

/** Fills the context of the servers with those that are built. */
async function prepareServers(folder: string, servers: readonly string[]): Promise<void> {
  cpSync(dirname(SERVER_DOCKERFILE), folder, { recursive: true });
  // Their addresses in the environment would replace the parts.
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, ...env } = process.env;
  for (const name of ['java', 'kafka', 'registry']) mkdirSync(join(folder, name));
  if (servers.includes('kafka') || servers.includes('registry')) {
    const { home } = findJava(env, MINIMUM_JAVA);
    rmSync(join(folder, 'java'), { recursive: true });
    const options = ['--strip-debug', '--no-man-pages', '--no-header-files', '--compress', 'zip-6'];
    const output = ['--output', join(folder, 'java')];
    execFileSync(join(home, 'bin', 'jlink'), ['--add-modules', JAVA_MODULES, ...options, ...output], {
      stdio: ['ignore', 2, 2],
    });
  }
  const parts = await bringParts(
    (['kafka', 'registry'] as const).filter((name) => servers.includes(name)),
    { env, quiet: true },
  );
  if (parts.kafka !== undefined) cpSync(parts.kafka.libraries, join(folder, 'kafka'), { recursive: true });
  if (parts.registry !== undefined)
    cpSync(dirname(parts.registry.jar), join(folder, 'registry'), { recursive: true });
}

try {
  await main();
} catch (error) {
  exitWithFailure(error);
}
