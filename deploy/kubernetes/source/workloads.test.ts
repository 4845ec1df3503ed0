import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { STAGE_NAMES } from '#stages/stages.ts';
import { CATALOG, type TopicName } from '#topics/catalog.ts';
import { PROJECT } from '../../local/parts.mjs';
import { WORKLOADS } from './workloads.ts';

/** The topics that a cell of the table of services/README.md names. */
function topicsIn(cell: string): TopicName[] {
  const names = [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name);
  return names.filter((name): name is TopicName => name in CATALOG);
}

describe('the workloads', () => {
  const readme = readFileSync(join(PROJECT, 'services/README.md'), 'utf8');

  it('each stage has a row, in the order of the data’s path', () => {
    assert.deepEqual(
      WORKLOADS.map(({ name }) => name),
      STAGE_NAMES,
    );
  });

  it('each stage may read and write the topics that services/README.md says it does', () => {
    for (const { name, reads, writes } of WORKLOADS) {
      const row = readme.split('\n').find((line) => line.startsWith(`| [${name}](`)) ?? '';
      const [, , read = '', , written = ''] = row.split('|');
      assert.ok(topicsIn(written).length > 0, `${name} has a row`);
      for (const topic of topicsIn(read)) assert.ok(reads.includes(topic), `${name} reads ${topic}`);
      for (const topic of topicsIn(written)) assert.ok(writes.includes(topic), `${name} writes ${topic}`);
    }
  });
});
