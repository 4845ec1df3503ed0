/** Examines this machine: versions, native modules, free ports. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { DEMO_PORTS } from '../../demo/ports.ts';
import { PROJECT } from '../../local/parts.mjs';
import { type Finding, fault, ok, skipped, warning } from './finding.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** @param version such as 22.18.0 */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 22 && minor >= 18) return ok('node', `Node ${version} runs the program and the stages`);
  return fault(
    'node',
    `Node ${version} runs the program, but the stages need Node 22.18 or a newer 22`,
    'Install the packages again with `npm ci --ignore-scripts`: one of them is Node 22.',
  );
}

/** @param output of `java -version` */
export function javaFinding(output: string): Finding {
  const version = /version "(\d+)/.exec(output)?.[1];
  if (version === undefined) return skipped('java', 'its version cannot be read');
  if (Number(version) >= 17) return ok('java', `Java ${version} can run Kafka and the Schema Registry`);
  return warning(
    'java',
    `Java ${version} is too old for a Kafka of its own`,
    'Install Java 17 or newer for the demo, or point KAFKA_BROKERS and SCHEMA_REGISTRY_URL at servers.',
  );
}

export async function examineMachine(): Promise<Finding[]> {
  return Promise.all([nodeFinding(process.versions.node), java(), ...NATIVE.map(native)]);
}

async function java(): Promise<Finding> {
  try {
    const { stderr, stdout } = await run('java', ['-version'], { timeout: TIMEOUT_MS });
    return javaFinding(stderr + stdout);
  } catch {
    return warning(
      'java',
      'is not installed, so that the demo cannot start servers of its own',
      'Install Java 17 or newer, or point KAFKA_BROKERS and SCHEMA_REGISTRY_URL at servers.',
    );
  }
}

const NATIVE = [
  { name: 'hnswlib-node', use: 'the index', part: 'hnswlib' },
  { name: '@tensorflow/tfjs-node', use: 'retrain', part: 'tensorflow' },
] as const;

/** Loads a module in a process of its own, because a broken one can end the process. */
async function native({ name, use, part }: (typeof NATIVE)[number]): Promise<Finding> {
  const subject = `native module ${name}`;
  try {
    await run(process.execPath, ['--no-warnings', '-e', `require(${JSON.stringify(name)})`], {
      cwd: PROJECT,
      timeout: TIMEOUT_MS,
    });
    return ok(subject, `loads, so that ${use} can run here`);
  } catch (error) {
    const reason = String((error as { stderr?: string }).stderr || (error as Error).message);
    const line =
      reason.split('\n').find((text) => /error|cannot|not found/i.test(text)) ?? reason.split('\n')[0]!;
    return fault(
      subject,
      `does not load: ${line.trim().slice(0, 200)}`,
      `Build it with \`node deploy/local/bootstrap.mjs --only packages,${part}\`; ${use} does not run here without it.`,
    );
  }
}

/** Examines the ports that the demo would use; of a running demo they are in use. */
export async function examinePorts(environment: NodeJS.ProcessEnv = process.env): Promise<Finding[]> {
  const taken = await Promise.all(
    Object.entries(DEMO_PORTS).map(async ([name, { port, variable }]) => {
      const wanted = Number(environment[variable] || port);
      return (await isListening('127.0.0.1', wanted)) ? [{ name, wanted, variable }] : [];
    }),
  );
  const findings = taken
    .flat()
    .map(({ name, wanted, variable }) =>
      warning(
        `port ${wanted}`,
        `another program listens there, so that the demo cannot start its ${name}`,
        `Stop that program, or set ${variable} to a free port.`,
      ),
    );
  return findings.length > 0 ? findings : [ok('ports', 'those of the demo are free')];
}

/** Whether a program listens on a port of a host. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false));
  });
}
