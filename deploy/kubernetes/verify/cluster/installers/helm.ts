/** Installs the chart with Helm, with the values of the installation `local`. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { PROJECT } from '../../../../local/parts.mjs';
import { NAMESPACE } from '../../../source/base.ts';
import { SETTINGS, TWICE } from '../install.ts';
import { kubectl } from '../kubectl.ts';
import type { Installer, Replacement } from './installer.ts';

const CHART = join(PROJECT, 'deploy/kubernetes/chart');
const RELEASE = 'tributary';

interface Defaults {
  readonly images: Readonly<Record<string, string>>;
}

/** @param program Helm */
export function helmInstaller(program: string): Installer {
  const apply = async (images: readonly Replacement[], components: readonly string[]): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-verify-'));
    const values = join(folder, 'values.yaml');
    try {
      writeFileSync(values, stringify(valuesFor(images, components)));
      await promisify(execFile)(program, [
        ...['upgrade', '--install', RELEASE, CHART, '--namespace', NAMESPACE],
        ...['--values', join(CHART, 'values-local.yaml'), '--values', values],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  return {
    command: 'helm upgrade --install',
    isLocal: true,
    apply,
    async change(images) {
      await kubectl(['delete', 'job', 'topics', '--ignore-not-found']);
      await apply(images, []);
      await kubectl(['wait', '--for=condition=complete', 'job/topics', '--timeout=600s']);
    },
  };
}

/** Returns the values by which the verification differs from values-local.yaml. */
export function valuesFor(
  images: readonly Replacement[],
  components: readonly string[],
): Record<string, unknown> {
  const { images: defaults } = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Defaults;
  return {
    createNamespace: false,
    settings: SETTINGS,
    components: Object.fromEntries(components.map((name) => [name, true])),
    images: Object.fromEntries(
      Object.entries(defaults).flatMap(([key, image]) => {
        const one = images.find(({ name }) => image.startsWith(`${name}:`));
        return one === undefined ? [] : [[key, `${one.newName}:${one.newTag}`]];
      }),
    ),
    ...Object.fromEntries(TWICE.map((name) => [name, { replicas: 2 }])),
  };
}
