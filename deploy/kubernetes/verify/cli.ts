// `npm run verify:kubernetes [-- --json]`: renders every installation with kustomize and Helm and judges the result. With `--cluster`
// it installs Tributary on the cluster of the current kubeconfig, and hurts it; with `--server` the API server of that cluster
// must take every installation, without a pod of it. The last line is one JSON object.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { exitWithFailure } from '../../local/failure.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';
import { bringParts, PROJECT } from '../../local/parts.mjs';
import { differences } from '../render/compare.ts';
import type { DataMap } from '../render/merge.ts';
import { objectName, objectsIn, renderOverlay } from '../render/render.ts';
import { everyRule } from '../rules/every-rule.ts';
import { unknownMetrics, unwatched } from '../rules/metric-rules.ts';
import { RELEASE_NAMESPACE } from '../source/chart.ts';
import { OVERLAYS } from '../source/overlays.ts';
import { USER_PARTITIONS_PATH } from '../source/user-partitions.ts';
import { helmInstaller } from './cluster/installers/helm.ts';
import type { Installer } from './cluster/installers/installer.ts';
import { EXTERNAL_INSTALLER, LOCAL_INSTALLER } from './cluster/installers/kustomize.ts';
import { readReplacement, verifyCluster } from './cluster/run.ts';
import { EXCEPTIONS, type Exception, readScores } from './lint.ts';
import { collectSchemas, type Schema, type Schemas, schemaFaults } from './schema.ts';
import { applyToServer, type Installation } from './server.ts';

const FOLDER = join(PROJECT, 'deploy/kubernetes');
const MAX_OUTPUT = 64 * 2 ** 20;
/** Another number than the default. */
const PARTITIONS = 12;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      cluster: { type: 'boolean', default: false },
      server: { type: 'boolean', default: false },
      image: { type: 'string', multiple: true, default: [] },
      history: { type: 'string', default: '0' },
      'upgrade-from': { type: 'string' },
      keda: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      keep: { type: 'boolean', default: false },
      installer: { type: 'string', default: 'kubectl' },
    },
  });
  const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  if (values.cluster) {
    const { image, only, keep } = values;
    const images = image.map(readReplacement);
    const result = await verifyCluster({
      installer: await installerNamed(values.installer),
      images,
      upgradeFrom: values['upgrade-from'],
      keda: values.keda,
      history: Number(values.history),
      only,
      keep,
      say,
    });
    for (const difference of result.differences) say(`  ${difference}`);
    console.log(JSON.stringify(result));
    if (result.failed > 0) process.exitCode = 1;
    return;
  }
  await verifyManifests(say, values.server);
}

/** @throws SetupError for a name that is none */
async function installerNamed(name: string): Promise<Installer> {
  if (name === 'kubectl') return LOCAL_INSTALLER;
  if (name === 'external') return EXTERNAL_INSTALLER;
  if (name === 'helm') return helmInstaller((await bringParts(['helm'], { quiet: true })).helm!.program);
  throw new SetupError(`--installer ${name} is unknown`, 'Write kubectl, helm or external');
}

async function verifyManifests(say: (line: string) => void, withServer: boolean): Promise<void> {
  const tools = await bringParts(
    ['kustomize', 'helm', 'kube-score', 'kubernetes-schemas', 'strimzi-schemas'],
    { quiet: true },
  );
  const schemaFolders = [tools['kubernetes-schemas']!.folder, tools['strimzi-schemas']!.folder];
  const schemas = readSchemas(schemaFolders);
  const installations: Installation[] = [];
  const rules = Object.values(await everyRule());
  const used = new Set<Exception>();
  const faults = [...unknownMetrics(), ...unwatched()];
  const lint = { kubeScore: 0, excepted: 0 };
  const scratch = mkdtempSync(join(tmpdir(), 'tributary-kubernetes-'));
  try {
    const partitions = partitionFaults(tools.kustomize!.program, tools.helm!.program, scratch);
    say(`${partitions.length === 0 ? '✔' : '✖'} production with ${PARTITIONS} partitions`);
    faults.push(...partitions.map((fault) => `production with ${PARTITIONS} partitions: ${fault}`));
    for (const { name } of OVERLAYS) {
      const text = run(tools.kustomize!.program, ['build', join(FOLDER, 'overlays', name)]);
      const built = objectsIn(text, name);
      const charted = chart(tools.helm!.program, name);
      installations.push({ name, objects: built }, { name: `chart ${name}`, objects: charted });
      const scores = score(tools['kube-score']!.program, text, scratch);
      for (const exception of scores.used) used.add(exception);
      lint.kubeScore += scores.findings.length;
      lint.excepted += scores.excepted;
      const own = [
        ...differences({ name: 'kustomize', objects: built }, { name: 'render.ts', objects: overlay(name) }),
        ...differences({ name: 'kustomize', objects: built }, { name: 'Helm', objects: charted }),
        ...rules.flatMap((rule) => rule(built)),
        ...built.flatMap((object) => schemaFaults(object, schemas)),
        ...scores.findings,
      ];
      say(`${own.length === 0 ? '✔' : '✖'} ${name}: ${built.length} objects`);
      faults.push(...own.map((fault) => `${name}: ${fault}`));
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  faults.push(
    ...EXCEPTIONS.filter((exception) => !used.has(exception)).map(
      ({ check, objects }) =>
        `no finding needs the exception of ${check} for ${objects}: remove it from lint.ts`,
    ),
  );
  const server = withServer
    ? await applyToServer(installations, customResourcesIn(schemaFolders))
    : undefined;
  faults.push(
    ...(server?.rejected ?? []),
    ...(server?.changedOnSecondApply ?? []).map((name) => `a second apply changes ${name}`),
  );
  for (const fault of faults) say(`  ${fault}`);
  const overlays = OVERLAYS.map(({ name }) => name);
  // Applying needs an API server.
  const summary = {
    overlays,
    applied: server?.applied ?? null,
    rejected: server?.rejected.length ?? null,
    changedOnSecondApply: server?.changedOnSecondApply.length ?? null,
    lint,
    faults: faults.length,
  };
  console.log(JSON.stringify(summary));
  if (faults.length > 0) process.exitCode = 1;
}

function overlay(name: string): DataMap[] {
  return renderOverlay(join(FOLDER, 'overlays', name));
}

/** Compares kustomize, render.ts and Helm where an installation has another number of partitions. */
function partitionFaults(kustomize: string, helm: string, scratch: string): string[] {
  const folder = join(scratch, 'partitions');
  const place = (path: string): string => relative(folder, join(FOLDER, path));
  const kustomization = {
    namespace: RELEASE_NAMESPACE,
    resources: [place('overlays/production')],
    components: [place('components/user-partitions')],
    configMapGenerator: [
      {
        name: 'user-partitions',
        literals: [`count=${PARTITIONS}`],
        options: { disableNameSuffixHash: true },
      },
    ],
  };
  mkdirSync(folder);
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  const built = objectsIn(run(kustomize, ['build', folder]), folder);
  const charted = chart(helm, 'production', ['--set', `${USER_PARTITIONS_PATH}=${PARTITIONS}`]);
  const withoutSource = built.filter((object) => objectName(object) !== 'user-partitions');
  return [
    ...differences(
      { name: 'kustomize', objects: built },
      { name: 'render.ts', objects: renderOverlay(folder) },
    ),
    ...differences({ name: 'kustomize', objects: withoutSource }, { name: 'Helm', objects: charted }),
  ];
}

function chart(helm: string, name: string, set: readonly string[] = []): DataMap[] {
  const values = join(FOLDER, 'chart', `values-${name}.yaml`);
  const options = ['--namespace', RELEASE_NAMESPACE, '--values', values, '--kube-version', '1.36.0', ...set];
  return objectsIn(run(helm, ['template', 'tributary', join(FOLDER, 'chart'), ...options]), `chart ${name}`);
}

function score(kubeScore: string, text: string, scratch: string) {
  const file = join(scratch, 'rendered.yaml');
  writeFileSync(file, text);
  // It exits with 1 if it finds anything.
  const options = ['score', '--output-format', 'json', '--kubernetes-version', 'v1.36', file];
  const { stdout, stderr } = spawnSync(kubeScore, options, { encoding: 'utf8', maxBuffer: MAX_OUTPUT });
  if (!stdout.trimStart().startsWith('['))
    throw new Error(`kube-score printed no scores: ${stdout}${stderr}`);
  return readScores(stdout);
}

function readSchemas(folders: readonly string[]): Schemas {
  const swagger = filesIn(folders).find((file) => file.endsWith('swagger.json'))!;
  const { definitions } = JSON.parse(readFileSync(swagger, 'utf8')) as {
    definitions: Record<string, Schema>;
  };
  return collectSchemas(definitions, customResourcesIn(folders));
}

/** The definitions of custom resources. */
function customResourcesIn(folders: readonly string[]): DataMap[] {
  return filesIn(folders)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => objectsIn(readFileSync(file, 'utf8'), file))
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

function filesIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT });
}

try {
  await main();
} catch (error) {
  exitWithFailure(error);
}
