/** Verifies an installation on the cluster of the current kubeconfig. It hurts what it installs, and the cluster's DNS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import project from '../../../../package.json' with { type: 'json' };
import { probesReachSlates } from '../../../faults/nemesis/recovery.ts';
import { SetupError } from '../../../local/parts/setup-error.mjs';
import { IDLE_CHECK } from './checks/idle.ts';
import { LAG_CHECKS, requireKeda } from './checks/scaling-by-lag.ts';
import { imagesOfVersion, upgradeChecks } from './checks/upgrade.ts';
import { CLUSTER_CHECKS } from './checks.ts';
import { type HistoryFiles, writeHistory } from './history.ts';
import { createHistory, ensureSecret, everythingReady, specifications } from './install.ts';
import type { Installer, Replacement } from './installers/installer.ts';
import { eventually, kubectl } from './kubectl.ts';
import { openDoor, removeOutsiders } from './outsiders.ts';
import { type ClusterWorld, openClusterWorld } from './world.ts';

const SLATE_TIMEOUT_MS = 10_000;

export interface ClusterRow {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Requests for slates that had no answer meanwhile, where pods were hurt. */
  readonly failedRequests?: number;
  readonly seen?: string;
  readonly fault?: string;
}

export interface ClusterResult {
  readonly checks: readonly ClusterRow[];
  readonly failed: number;
  readonly acknowledged: number;
  /** Acknowledged actions that the log lacks. */
  readonly missing: number;
  /** Everything else in which the log and the stores differ from what they should hold. */
  readonly differences: readonly string[];
  readonly actions: number;
  readonly slates: number;
  readonly rewards: number;
}

export interface ClusterVerification {
  readonly installer: Installer;
  readonly images: readonly Replacement[];
  /** Version of the stages that is installed first. */
  readonly upgradeFrom: string | undefined;
  /** Whether the cluster has KEDA, and must scale by lag. */
  readonly keda: boolean;
  /** Actions of the past that a Job loads first. */
  readonly history: number;
  /** Only checks whose name contains one of these; all if there is none. */
  readonly only: readonly string[];
  /** Whether the installation is left as it is. */
  readonly keep: boolean;
  readonly say: (line: string) => void;
}

export async function verifyCluster({
  installer,
  images,
  upgradeFrom,
  keda,
  history,
  only,
  keep,
  say,
}: ClusterVerification): Promise<ClusterResult> {
  const rows: ClusterRow[] = [];
  const timed = async (name: string, work: () => Promise<string | undefined>): Promise<boolean> => {
    const row = await rowOf(name, work);
    rows.push(row);
    say(`${row.ok ? '✔' : '✖'} ${row.seconds.toFixed(1).padStart(6)} s  ${name}${note(row)}`);
    return row.ok;
  };
  const isChosen = ({ name }: { name: string }): boolean =>
    only.length === 0 || only.some((word) => name.includes(word));
  if (keda) await requireKeda();
  let otherSlates = 0;
  let door: Awaited<ReturnType<typeof openDoor>> | undefined;
  let world: ClusterWorld | undefined;
  try {
    const image = imageOf(images);
    // Those of a verification that was killed lead to a Service that is gone.
    await removeOutsiders();
    const password = await ensureSecret();
    const loaded = history === 0 ? undefined : await prepareHistory(history);
    const applied = performance.now();
    const { command } = installer;
    const components = loaded === undefined ? [] : ['history'];
    const isInstalled = await timed(`every stage is ready after ${command}`, async () => {
      const first = upgradeFrom === undefined ? images : imagesOfVersion(images, upgradeFrom);
      await installer.apply(first, components);
      await everythingReady();
      return undefined;
    });
    if (!isInstalled) return resultOf(rows);
    if (upgradeFrom === undefined)
      await timed(`a second ${command} changes nothing`, async () => {
        const before = await specifications();
        await installer.apply(images, components);
        const after = await specifications();
        const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
        if (changed.length > 0) throw new Error(changed.join(', '));
        return undefined;
      });
    if (loaded !== undefined)
      await timed('a Job has loaded a history, and a slate follows', async () => {
        await kubectl(['wait', '--for=condition=complete', 'job/history', '--timeout=1200s']);
        otherSlates += await firstSlate(image, loaded.userId);
        const seconds = Math.round((performance.now() - applied) / 1_000);
        return `${loaded.actions} actions and ${loaded.items} items, ${seconds} s after ${command}`;
      });
    if (installer.isLocal && isChosen(IDLE_CHECK)) await timed(IDLE_CHECK.name, () => IDLE_CHECK.run());
    const isOpen = await timed('actions that are posted from outside become slates', async () => {
      door = await openDoor(image);
      const gateway = `http://127.0.0.1:${door.port}`;
      world = await openClusterWorld({ gateway, password, image, otherSlates, seed: 'cluster' });
      await probesReachSlates(world.load, 'installed');
      return undefined;
    });
    if (!isOpen || world === undefined) return resultOf(rows);
    const { load } = world;
    const upgrades = upgradeFrom === undefined ? [] : upgradeChecks(installer, images, upgradeFrom);
    const checks = keda ? [...CLUSTER_CHECKS, ...LAG_CHECKS] : CLUSTER_CHECKS;
    const chosen = [...upgrades, ...checks.filter(isChosen)];
    for (const check of chosen) {
      const before = load.counts.failedSlates;
      load.counts.reasons.clear();
      await timed(check.name, async () => {
        const seen = await check.run(world!);
        await probesReachSlates(load, check.name);
        const failed = load.counts.failedSlates - before;
        if (failed === 0) return seen;
        const reasons = [...load.counts.reasons].map(([reason, count]) => `${count} × ${reason}`);
        const text = [`${failed} requests for slates were not answered`, ...reasons].join('; ');
        if (check.isSilent) throw new Error(text);
        return text;
      });
    }
    let compared: Awaited<ReturnType<ClusterWorld['compare']>> | undefined;
    await timed('the log and the stores hold what was acknowledged, once', async () => {
      compared = await world!.compare();
      const { differences } = compared;
      if (differences.length > 0)
        throw new Error(`${differences.length} differences, such as: ${differences[0]}`);
      return `${compared.actions} actions, ${compared.slates} slates, ${compared.rewards} rewards`;
    });
    return resultOf(rows, world, compared);
  } finally {
    await world?.close();
    await door?.close();
    await removeOutsiders().catch(() => undefined);
    if (!keep) await kubectl(['delete', 'namespace', 'tributary', '--wait=false']).catch(() => undefined);
  }
}

async function prepareHistory(count: number): Promise<HistoryFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-history-'));
  try {
    const files = await writeHistory(folder, count);
    await createHistory(folder);
    return files;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Resolves when a user of the history gets a slate that is not empty. @returns the number of requests */
async function firstSlate(image: string, userId: string): Promise<number> {
  let tries = 0;
  await eventually(`a slate of user ${userId}`, async () => {
    // A forward that has broken answers nothing any more.
    const door = await openDoor(image);
    try {
      tries++;
      const response = await fetch(`http://127.0.0.1:${door.port}/v1/recommendations?userId=${userId}&n=10`, {
        signal: AbortSignal.timeout(SLATE_TIMEOUT_MS),
      });
      const { items = [] } = (await response.json()) as { items?: unknown[] };
      return response.status === 200 && items.length > 0;
    } finally {
      await door.close();
    }
  });
  return tries;
}

async function rowOf(name: string, work: () => Promise<string | undefined>): Promise<ClusterRow> {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10;
  try {
    const seen = await work();
    return { name, ok: true, seconds: seconds(), ...(seen === undefined ? {} : { seen }) };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { name, ok: false, seconds: seconds(), fault };
  }
}

function note({ seen, fault }: ClusterRow): string {
  const text = fault ?? seen;
  return text === undefined ? '' : ` (${text})`;
}

function resultOf(
  checks: readonly ClusterRow[],
  world?: ClusterWorld,
  compared?: Awaited<ReturnType<ClusterWorld['compare']>>,
): ClusterResult {
  const differences = compared?.differences ?? [];
  const isMissing = (text: string): boolean => text.includes('was acknowledged at');
  return {
    checks,
    failed: checks.filter(({ ok }) => !ok).length,
    acknowledged: world?.load.acknowledged.length ?? 0,
    missing: differences.filter(isMissing).length,
    differences: differences.filter((text) => !isMissing(text)),
    actions: compared?.actions ?? 0,
    slates: compared?.slates ?? 0,
    rewards: compared?.rewards ?? 0,
  };
}

/**
 * Reads `apache/kafka=tributary-kafka:0.1.0`: the image in the manifests, and the one that the cluster has in its place.
 * @throws SetupError for another form
 */
export function readReplacement(text: string): Replacement {
  const [, name, newName, newTag] = /^([^=:]+)=(.+):([^:/]+)$/.exec(text) ?? [];
  if (name === undefined || newName === undefined || newTag === undefined)
    throw new SetupError(`--image ${text} names no image`, 'Write --image apache/kafka=my-kafka:1.2.3');
  return { name, newName, newTag };
}

function imageOf(images: readonly Replacement[]): string {
  const own = images.find(({ name }) => name === 'tributary');
  return own === undefined ? `tributary:${project.version}` : `${own.newName}:${own.newTag}`;
}
