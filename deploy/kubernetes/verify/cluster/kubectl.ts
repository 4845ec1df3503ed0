/** kubectl against the cluster of the current kubeconfig. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { DataMap } from '../../render/merge.ts';
import { NAMESPACE } from '../../source/base.ts';

const MAX_OUTPUT = 256 * 2 ** 20;
const POLL_MS = 500;

/** A command of kubectl that failed; the message is what it printed. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

/**
 * Runs kubectl in the namespace of the installation, unless the arguments name another one.
 * @returns its standard output
 * @throws KubectlError with what it printed
 */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  return run(['--namespace', NAMESPACE, ...args], input);
}

async function run(args: readonly string[], input?: string): Promise<string> {
  const running = promisify(execFile)('kubectl', [...args], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
  });
  running.child.stdin?.end(input ?? '');
  try {
    return (await running).stdout;
  } catch (error) {
    const {
      stderr = '',
      stdout = '',
      message,
    } = error as { stderr?: string; stdout?: string; message: string };
    throw new KubectlError(
      `kubectl ${args.slice(0, 4).join(' ')}: ${stderr.trim() || stdout.trim() || message}`,
    );
  }
}

/** Applies objects that name their namespaces. */
export async function applyObjects(objects: readonly DataMap[]): Promise<void> {
  await run(['apply', '--filename', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** A pod as the API server describes it. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly lastState: { readonly terminated?: { readonly reason: string } };
    }[];
  };
}

/** Returns the pods with a label, without those that are being deleted. */
export async function podsOf(selector: string): Promise<Pod[]> {
  const { items } = JSON.parse(
    await kubectl(['get', 'pods', '--selector', selector, '--output', 'json']),
  ) as {
    items: Pod[];
  };
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export function isReadyPod({ status }: Pod): boolean {
  return status.phase === 'Running' && status.containerStatuses?.every(({ ready }) => ready) === true;
}

/** Polls the cluster at a pace that costs it little. @throws Error that names the event if it does not come in time */
export async function eventually(
  message: string,
  isSo: () => Promise<boolean>,
  timeoutMs = 600_000,
): Promise<void> {
  await waitFor(
    async () => {
      if (await isSo().catch(() => false)) return true;
      await delay(POLL_MS);
      return false;
    },
    { message, timeoutMs },
  );
}

export interface Forward {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Forwards a port of this machine to a pod or a Service, from its own number or from a free one. A forward that ends with its connection
 * is opened again on the same port.
 * @param ports such as `29092` or `:7000`
 */
export async function forward(target: string, ports: string, namespace = NAMESPACE): Promise<Forward> {
  const remote = ports.split(':').at(-1)!;
  const open = (which: string): ChildProcess =>
    // With the address of IPv4 alone, a port that is taken ends kubectl; otherwise it would listen on that of IPv6 only.
    spawn('kubectl', ['--namespace', namespace, 'port-forward', '--address', '127.0.0.1', target, which], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  let child = open(ports);
  const port = await firstPort(child, `${target} ${ports}`);
  let isClosed = false;
  const keep = (): void => {
    child.once('exit', async () => {
      await delay(POLL_MS);
      if (isClosed) return;
      child = open(`${port}:${remote}`);
      child.stdout!.resume();
      child.stderr!.resume();
      keep();
    });
  };
  keep();
  return {
    port,
    async close() {
      isClosed = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function firstPort(child: ChildProcess, what: string): Promise<number> {
  let printed = '';
  child.stderr!.on('data', (chunk) => {
    printed += String(chunk);
  });
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
    if (port === undefined) continue;
    child.stdout!.resume();
    return Number(port);
  }
  throw new KubectlError(`port-forward of ${what} ended: ${printed.trim()}`);
}
