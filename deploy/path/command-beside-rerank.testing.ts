import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { aProposal, aProposedItem } from '#contracts/domain/records.testing.ts';
import type { Slate } from '#contracts/generated/records.ts';
import { createPeer } from '#platform/http/peer.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';

/** A command line beside the stage rerank, which has a list for everybody. */
export interface CommandBesideRerank {
  readonly test: TestNamespace;
  slateOf(userId: string): Promise<Slate>;
  /** Runs the command with these arguments. */
  run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Fails if the stage does not drain. */
  close(): Promise<void>;
}

/**
 * Starts rerank in a namespace of its own, and resolves when slates are full.
 * @param cli path of the command line
 * @param itemIds the list for everybody, the best first
 * @param size of slates, at most the number of items
 */
export async function openCommandBesideRerank(options: {
  readonly cli: string;
  readonly itemIds: readonly string[];
  readonly size: number;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<CommandBesideRerank> {
  const { cli, itemIds, size, settings = {} } = options;
  const test = await openTestNamespace();
  await test.apply();
  const stage = await startStageProcess('rerank', { TRIBUTARY_NAMESPACE: test.namespace, ...settings });
  const rerank = createPeer({ name: 'rerank', url: stage.url, timeoutMs: 10_000 });
  const slateOf = (userId: string) => rerank.post<Slate>('/slates', { userId, n: size });
  const items = itemIds.map((itemId, place) => aProposedItem({ itemId, score: itemIds.length - place }));
  const shared = aProposal({ userId: EVERYONE, version: -1, items });
  await test.produce('proposals', { key: EVERYONE, value: test.encode('Proposal', shared) });
  await waitFor(async () => (await slateOf('u0')).slots.length === size, { message: 'slates are full' });
  return {
    test,
    slateOf,
    async run(...args) {
      const child = spawn(process.execPath, [cli, ...args], {
        env: { ...process.env, TRIBUTARY_NAMESPACE: test.namespace },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
      return { code, stdout, stderr };
    },
    async close() {
      await rerank.close();
      assert.equal(await stage.stop(), 0, 'drains');
      await test.close();
    },
  };
}
