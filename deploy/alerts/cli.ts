// `npm run test:alerts [-- --json]`: runs the tests of the alerts with promtool; the last line is one JSON object.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exitWithFailure } from '../local/failure.ts';
import { bringParts, PROJECT } from '../local/parts.mjs';

const FOLDER = join(PROJECT, 'deploy/alerts');

try {
  const { promtool } = await bringParts(['promtool'], { quiet: true });
  const isJson = process.argv.includes('--json');
  const steps = [
    ['check', 'rules', '--lint=all', 'rules.yaml'],
    ['test', 'rules', 'rules.test.yaml'],
  ].map((args) => {
    const result = spawnSync(promtool!.program, args, { cwd: FOLDER, encoding: 'utf8' });
    (isJson ? process.stderr : process.stdout).write(`${result.stdout}${result.stderr}`);
    return result.status === 0;
  });
  const { groups } = parse(readFileSync(join(FOLDER, 'rules.yaml'), 'utf8')) as {
    groups: { rules: unknown[] }[];
  };
  const { tests } = parse(readFileSync(join(FOLDER, 'rules.test.yaml'), 'utf8')) as { tests: unknown[] };
  const alerts = groups.flatMap(({ rules }) => rules).length;
  const ok = steps.every(Boolean);
  console.log(JSON.stringify({ alerts, tests: tests.length, ok }));
  if (!ok) process.exitCode = 1;
} catch (error) {
  exitWithFailure(error);
}
