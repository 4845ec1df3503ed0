import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessFailedError } from './processes.ts';
import { stageArguments } from './stage-launch.ts';
import { startStages } from './stages.ts';

const root = mkdtempSync(join(tmpdir(), 'stages-'));
const services = join(root, 'services');
const sources = {
  services,
  rows: [
    { folder: 'interests', heapMiB: 512 },
    { folder: 'retrain', heapMiB: 2_048 },
    { folder: 'broken', heapMiB: 512 },
  ],
};
after(() => rmSync(root, { recursive: true }));

/** A stage that is ready at the second request, drains on SIGTERM, and exits at a request for /end. */
const STAGE = `
  import { createServer } from 'node:http';
  let questions = 0;
  createServer((request, response) => {
    if (request.url === '/end') process.exit(5);
    if (request.url === '/settings') return response.end([process.env.SETTING, ...process.execArgv].join(' '));
    response.writeHead(++questions > 1 ? 200 : 503).end();
  }).listen(Number(process.env.TRIBUTARY_STAGE_PORT), '127.0.0.1');
  process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });`;

before(() => {
  for (const name of ['interests', 'retrain', '_platform']) {
    mkdirSync(join(services, name), { recursive: true });
    writeFileSync(join(services, name, 'main.ts'), STAGE);
  }
  mkdirSync(join(services, 'broken'));
  writeFileSync(
    join(services, 'broken', 'main.ts'),
    `console.error('KAFKA_BROKERS is wrong'); process.exit(1);`,
  );
});

const ask = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

describe('startStages', () => {
  it('starts all stages with their settings, resolves when all are ready, and drains them when it stops', async () => {
    const runDirectory = join(root, 'run');
    const env = { SETTING: 'of all' };
    const stages = await startStages({ names: ['interests', 'retrain'], env, sources, runDirectory });
    assert.match(await ask(stages.ports.interests!, '/settings'), /^of all .*--max-old-space-size=512/);
    assert.match(await ask(stages.ports.retrain!, '/settings'), /^of all .*--max-old-space-size=2048/);
    await stages.stop();
    for (const name of ['interests', 'retrain']) {
      assert.equal(readFileSync(join(runDirectory, 'logs', `${name}.log`), 'utf8'), 'drained\n');
    }
  });

  it('can kill a stage and start it again on the same port', async () => {
    const reported: ProcessFailedError[] = [];
    const options = { names: ['interests'], env: {}, sources, runDirectory: join(root, 'again') };
    const stages = await startStages({ ...options, onExit: (error) => reported.push(error) });
    const [first] = stages.processes;
    stages.kill('interests', 'SIGKILL');
    assert.equal((await first!.exited).signal, 'SIGKILL');
    await stages.restart('interests');
    assert.notEqual(stages.processes[0]!.pid, first!.pid);
    assert.equal(stages.processes.length, 1);
    assert.equal(reported.length, 0);

    await ask(stages.ports.interests!, '/end').catch(() => 'it ended before it answered');
    while (reported.length === 0) await delay(10);
    assert.match(reported[0]!.message, /^interests exited with code 5\./);
    await stages.stop();
  });

  it('stops all stages if one of them does not start', async () => {
    const options = { names: ['interests', 'broken'], env: {}, sources, runDirectory: join(root, 'broken') };
    await assert.rejects(
      startStages(options),
      /^ProcessFailedError: broken exited with code 1\..*KAFKA_BROKERS is wrong$/s,
    );
  });

  it('starts a worker of a stage by the names of both', () => {
    assert.match(stageArguments('retrain/inference').at(-1) ?? '', /services\/retrain\/inference\/main\.ts$/);
  });

  it('gives each stage of this project the heap of its row', () => {
    assert.equal(stageArguments('rerank')[1], '--max-old-space-size=512');
    assert.equal(stageArguments('retrain')[1], '--max-old-space-size=2048');
  });

  it('lists the stages if a name is unknown', () => {
    assert.throws(() => stageArguments('_platform', sources), {
      message: 'There is no stage "_platform". The stages are interests, retrain, broken.',
    });
  });
});
