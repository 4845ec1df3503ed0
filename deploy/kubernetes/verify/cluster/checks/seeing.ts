/** The command lines of `topics`, from inside of the cluster and from outside. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../../../../local/parts.mjs';
import { TOPIC_NAMESPACE } from '../../../source/workloads.ts';
import type { ClusterCheck } from '../check.ts';
import { connectServers, execute } from '../world.ts';

const START = '/tributary/deploy/image/start.ts';
const LAG = ['lag', '--json'];
const TAIL = ['tail', 'actions', '--from', 'beginning', '--limit', '3', '--json'];

function expectLag(text: string): void {
  for (const group of ['interests', 'propose', 'rerank.pools', 'rerank.rewards', 'feedback'])
    if (!text.includes(`${TOPIC_NAMESPACE}.${group}"`))
      throw new Error(`lag does not tell of ${group}: ${text.slice(0, 300)}`);
}

function expectTail(text: string): void {
  const lines = text.trim().split('\n');
  if (lines.length !== 3 || lines.some((line) => !line.includes('"eventId"')))
    throw new Error(`tail printed ${text.slice(0, 300)}`);
}

const inside: ClusterCheck = {
  name: '`topics lag` and `topics tail` answer in a pod',
  async run() {
    const run = (args: readonly string[]) =>
      execute('deployment/interests', ['node', START, 'topics', ...args]);
    expectLag(await run(LAG));
    expectTail(await run(TAIL));
    return undefined;
  },
};

const outside: ClusterCheck = {
  name: '`topics lag` and `topics tail` answer on this machine, by kubectl port-forward',
  async run() {
    const connections = await connectServers();
    try {
      const run = async (args: readonly string[]): Promise<string> => {
        const env = { ...process.env, ...connections.env };
        const command = [join(PROJECT, 'topics/cli.ts'), ...args];
        return (await promisify(execFile)(process.execPath, command, { env })).stdout;
      };
      expectLag(await run(LAG));
      expectTail(await run(TAIL));
    } finally {
      await connections.close();
    }
    return undefined;
  },
};

export const SEEING_CHECKS: readonly ClusterCheck[] = [inside, outside];
