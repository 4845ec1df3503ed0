import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { residentBytes, sampleMemory } from './memory.ts';

const noProc = existsSync('/proc/self/statm') ? false : 'needs /proc';

test('a child counts, and no longer when it has ended', { skip: noProc }, async () => {
  const alone = residentBytes(process.pid)!;
  const held =
    'const held = Buffer.alloc(64 << 20, 1); console.log(held.length); setInterval(() => {}, 1000);';
  const child = spawn(process.execPath, ['-e', held], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  assert.ok(residentBytes(process.pid)! > alone + (64 << 20));
  assert.ok(residentBytes(child.pid!)! < residentBytes(process.pid)!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(residentBytes(child.pid!), 0);
});

test('the sampler knows a peak from its start', { skip: noProc }, () => {
  const sampler = sampleMemory(process.pid);
  sampler.stop();
  const own = process.memoryUsage.rss() / 2 ** 20;
  assert.ok(Math.abs(sampler.peakMiB! - own) < own / 2, `${sampler.peakMiB} MiB sampled, ${own} MiB told`);
});
