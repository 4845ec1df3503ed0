import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { memoryBytes, sampleMemory } from './memory.ts';

const noProc = existsSync('/proc/self/smaps_rollup') ? false : 'needs /proc';

test('memory of a child process counts until the child has ended', { skip: noProc }, async () => {
  const alone = memoryBytes(process.pid)!;
  const held =
    'const held = Buffer.alloc(64 << 20, 1); console.log(held.length); setInterval(() => {}, 1000);';
  const child = spawn(process.execPath, ['-e', held], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  assert.ok(memoryBytes(process.pid)! > alone + (64 << 20));
  assert.ok(memoryBytes(child.pid!)! < memoryBytes(process.pid)!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(memoryBytes(child.pid!), 0);
});

test('the sampler reports the peak since its start', { skip: noProc }, () => {
  const sampler = sampleMemory(process.pid);
  sampler.stop();
  // Node itself may be shared with other processes; the heap is not.
  const { rss, heapUsed } = process.memoryUsage();
  assert.ok(sampler.peakMiB! > heapUsed / 2 ** 20, `${sampler.peakMiB} MiB sampled`);
  assert.ok(sampler.peakMiB! <= (1.5 * rss) / 2 ** 20, `${sampler.peakMiB} MiB sampled`);
});
