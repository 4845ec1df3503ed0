/** The program that builds images: Docker, Podman, or buildah where no engine runs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { SetupError } from '../local/parts/setup-error.mjs';

export const ENGINES = ['docker', 'podman', 'buildah'] as const;
export type Engine = (typeof ENGINES)[number];

/** Whether an engine answers, and not only its program is installed. */
function answers(engine: Engine): boolean {
  return spawnSync(engine, [engine === 'buildah' ? 'images' : 'info'], { stdio: 'ignore' }).status === 0;
}

/**
 * Returns the first engine that answers.
 * @throws {SetupError} if there is none
 */
export function findEngine(isThere: (engine: Engine) => boolean = answers): Engine {
  const found = ENGINES.find(isThere);
  if (found !== undefined) return found;
  throw new SetupError(
    'neither Docker nor Podman nor buildah answers',
    'Start Docker, or install buildah (Debian: apt-get install buildah)',
  );
}

export interface ImageBuild {
  /** Such as tributary:0.1.0. */
  readonly image: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly target?: string | undefined;
  /** Arguments of the build, by name. */
  readonly args: Readonly<Record<string, string>>;
}

/** Returns the arguments with which an engine builds an image. */
export function buildArguments(engine: Engine, build: ImageBuild): string[] {
  const { image, dockerfile, context, target, args } = build;
  const named = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return [
    'build',
    // buildah 1.28 takes a cached layer although an argument that it depends on has changed.
    ...(engine === 'buildah' ? ['--format', 'docker', `--layers=${named.length === 0}`, '--pull=false'] : []),
    ...['--file', dockerfile, '--tag', image],
    ...(target === undefined ? [] : ['--target', target]),
    ...named,
    context,
  ];
}

/** Returns the arguments with which an engine writes an image to a file that `ctr images import` and `docker load` read. */
export function saveArguments(engine: Engine, image: string, file: string): string[] {
  if (engine === 'buildah') return ['push', '--quiet', image, `docker-archive:${file}:${qualified(image)}`];
  const format = engine === 'podman' ? ['--format', 'docker-archive'] : [];
  return ['save', ...format, '--output', file, image];
}

/** Returns the whole name of an image, as a cluster looks for it: without a registry it is one of Docker Hub. */
export function qualified(image: string): string {
  const [first = ''] = image.split('/');
  if (!image.includes('/')) return `docker.io/library/${image}`;
  return /[.:]|^localhost$/.test(first) ? image : `docker.io/${image}`;
}

export function buildImage(engine: Engine, build: ImageBuild): void {
  execFileSync(engine, buildArguments(engine, build), { stdio: ['ignore', 2, 2] });
}

export function saveImage(engine: Engine, image: string, file: string): void {
  // Podman and buildah do not write over an archive.
  rmSync(file, { force: true });
  execFileSync(engine, saveArguments(engine, image, file), { stdio: ['ignore', 2, 2] });
}

/** Returns the bytes of an image, unpacked. */
export function imageBytes(engine: Engine, image: string): number {
  const command = engine === 'buildah' ? ['images', '--json', image] : ['image', 'inspect', image];
  const [found] = JSON.parse(execFileSync(engine, command, { encoding: 'utf8' })) as Record<
    string,
    unknown
  >[];
  return bytesOf(found?.Size ?? found?.size);
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

/** Reads a number of bytes, or a text such as "173 MB". */
export function bytesOf(size: unknown): number {
  const [, amount = '', unit = 'B'] = /^([\d.]+) ?([A-Z]+)?$/i.exec(String(size)) ?? [];
  return Math.round(Number(amount) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
}
