import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import project from '../../package.json' with { type: 'json' };
import { PROJECT } from '../local/parts.mjs';

const dockerfile = readFileSync(join(PROJECT, 'deploy/Dockerfile'), 'utf8');

describe('the image', () => {
  it('copies only what exists and what .dockerignore lets through', () => {
    const kept = readFileSync(join(PROJECT, '.dockerignore'), 'utf8').match(/^!(.+)$/gm) ?? [];
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    );
    assert.ok(sources.length > 5);
    for (const source of sources) {
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
