import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import project from '../../package.json' with { type: 'json' };
import { PROJECT } from '../local/parts.mjs';
import { OWN_STAGES } from '../local/stage-launch.ts';
import { resolveSpecifier } from '../walls/check-walls.ts';
import { referencesOf } from '../walls/references.ts';

const dockerfile = readFileSync(join(PROJECT, 'deploy/Dockerfile'), 'utf8');

/** Folders and files of the project that the image has. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) =>
  list.split(' '),
);

/** Returns every source that the entry point of the image and the stages come to, with the packages that they name. */
function reached(): { files: ReadonlySet<string>; packages: ReadonlyMap<string, string> } {
  const files = new Set([
    'deploy/image/start.ts',
    ...OWN_STAGES.rows.map(({ folder }) => `services/${folder}/main.ts`),
  ]);
  const packages = new Map<string, string>();
  for (const path of files) {
    const source = readFileSync(join(PROJECT, path), 'utf8').replaceAll(TYPES, '');
    for (const { specifier } of referencesOf(source)) {
      if (specifier === undefined) continue;
      const target = resolveSpecifier(PROJECT, path, specifier, project.imports);
      if (target === undefined) packages.set(packageOf(specifier), path);
      else if (/\.m?[jt]s$/.test(target)) files.add(target);
    }
  }
  return { files, packages };
}

/** Imports of types alone, which Node strips. */
const TYPES = /^(import|export) type [^;]*;$/gm;

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('the image', () => {
  it('has every source that its stages and command lines come to', () => {
    const { files } = reached();
    assert.ok(files.size > 100, `${files.size} files`);
    const folders = copied.filter((source) => source.endsWith('/'));
    const missing = [...files].filter((path) => !folders.some((folder) => path.startsWith(folder)));
    assert.deepEqual(missing, []);
  });

  it('has every package that they name, because it is no package for development', () => {
    const names = [...reached().packages].filter(([name]) => !isBuiltin(name));
    assert.ok(names.some(([name]) => name === 'kafkajs'));
    assert.deepEqual(
      names.filter(([name]) => !(name in project.dependencies)),
      [],
    );
  });

  it('copies only what exists and what .dockerignore lets through', () => {
    const kept = readFileSync(join(PROJECT, '.dockerignore'), 'utf8').match(/^!(.+)$/gm) ?? [];
    assert.ok(copied.length > 5);
    for (const source of copied) {
      assert.ok(existsSync(join(PROJECT, source)), `${source} exists`);
      assert.ok(
        kept.some((line) => source.startsWith(line.slice(1))),
        `.dockerignore keeps ${source}`,
      );
    }
  });

  it('is made for every processor unless flags are given, from a base that an argument names, as a user that is not root', () => {
    assert.match(dockerfile, /^ARG CXXFLAGS=-O3$/m);
    assert.match(dockerfile, /^ARG BASE=node:22-bookworm-slim$/m);
    assert.match(dockerfile, /^USER 1000:1000$/m);
    assert.match(dockerfile, new RegExp(`^ARG VERSION=${project.version}$`, 'm'));
  });

  it('starts without a command of the image only to say which there are', () => {
    const start = join(PROJECT, 'deploy/image/start.ts');
    const { status, stderr } = spawnSync(process.execPath, [start, 'help'], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(
      stderr,
      /There is no stage or command "help"\. There are gateway, .*, topics, releases, load\./,
    );
    const help = execFileSync(process.execPath, [start, 'topics', '--help'], { encoding: 'utf8' });
    assert.match(help, /Usage: topics/);
  });

  it('becomes a stage in the same process, which reports the faults of its settings', () => {
    const start = join(PROJECT, 'deploy/image/start.ts');
    const env = { ...process.env, TRIBUTARY_LOG_LEVEL: 'loud' };
    const { status, stderr } = spawnSync(process.execPath, [start, 'gateway'], { encoding: 'utf8', env });
    assert.equal(status, 1);
    assert.match(stderr, /gateway cannot start:\nTRIBUTARY_LOG_LEVEL must be one of/);
  });
});
