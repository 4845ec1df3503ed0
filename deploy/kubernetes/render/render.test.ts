import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { differences } from './compare.ts';
import type { DataMap } from './merge.ts';
import { renderOverlay } from './render.ts';

const root = mkdtempSync(join(tmpdir(), 'render-'));
after(() => rmSync(root, { recursive: true }));

function files(texts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'case-'));
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const BASE = {
  'base/kustomization.yaml':
    'resources: [app.yaml]\nconfigMapGenerator:\n  - name: settings\n    envs: [settings.env]\n',
  'base/settings.env': '# a comment\nA=1\nB=2=3\n',
  'base/app.yaml':
    'kind: Deployment\nmetadata: { name: app }\nspec: { replicas: 2, template: { spec: { containers: [{ name: x, args: [a], env: [{ name: E, value: e }] }] } } }\n',
};

describe('render', () => {
  it('reads resources and components, merges settings and patches, and sets the namespace', () => {
    const folder = files({
      ...BASE,
      'component/kustomization.yaml':
        'kind: Component\nresources: [more.yaml]\npatches:\n  - target: { kind: Deployment, name: app }\n    patch: |\n      - op: remove\n        path: /spec/replicas\n',
      'component/more.yaml':
        'kind: Service\nmetadata: { name: more }\n---\nkind: Namespace\nmetadata: { name: n }\n',
      'overlay/kustomization.yaml':
        'namespace: n\nresources: [../base]\ncomponents: [../component]\nconfigMapGenerator:\n  - { name: settings, behavior: merge, envs: [own.env] }\npatches:\n  - path: patches.yaml\n',
      'overlay/own.env': 'B=4\n',
      'overlay/patches.yaml':
        'kind: Deployment\nmetadata: { name: app }\nspec: { template: { spec: { containers: [{ name: x, args: [b, c], env: [{ name: F, value: f }] }] } } }\n',
    });
    const container = {
      name: 'x',
      args: ['b', 'c'],
      env: [
        { name: 'E', value: 'e' },
        { name: 'F', value: 'f' },
      ],
    };
    assert.deepEqual(renderOverlay(join(folder, 'overlay')), [
      {
        kind: 'Deployment',
        metadata: { name: 'app', namespace: 'n' },
        spec: { template: { spec: { containers: [container] } } },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace: 'n' },
        data: { A: '1', B: '4' },
      },
      { kind: 'Service', metadata: { name: 'more', namespace: 'n' } },
      { kind: 'Namespace', metadata: { name: 'n' } },
    ]);
  });

  it('writes a value of one object into fields of others, which keep their types', () => {
    const folder = files({
      ...BASE,
      'component/kustomization.yaml':
        'kind: Component\nreplacements:\n  - source: { kind: ConfigMap, name: count, fieldPath: data.n }\n    targets:\n      - { select: { kind: Deployment, name: app }, fieldPaths: [spec.replicas, spec.template.spec.containers.0.args.0] }\n      - { select: { kind: Job, name: gone }, fieldPaths: [spec.completions] }\n',
      'overlay/kustomization.yaml':
        'resources: [../base]\ncomponents: [../component]\nconfigMapGenerator:\n  - { name: count, literals: [n=3] }\n',
    });
    const app = renderOverlay(join(folder, 'overlay')).find(({ kind }) => kind === 'Deployment')!;
    const spec = app.spec as { replicas: unknown; template: { spec: { containers: { args: unknown }[] } } };
    assert.equal(spec.replicas, 3);
    assert.deepEqual(spec.template.spec.containers[0]!.args, ['3']);
  });

  it('fails at a replacement without its source, or without its field', () => {
    const replacement = (name: string, field: string): string =>
      files({
        ...BASE,
        'kustomization.yaml': `resources: [base]\nreplacements:\n  - source: { kind: ConfigMap, name: ${name}, fieldPath: data.A }\n    targets: [{ select: { kind: Deployment, name: app }, fieldPaths: [${field}] }]\n`,
      });
    assert.throws(() => renderOverlay(replacement('none', 'spec.replicas')), /ConfigMap none has no data\.A/);
    assert.throws(() => renderOverlay(replacement('settings', 'spec.n')), /Deployment app has no spec\.n/);
  });

  it('fails at a part of kustomize that it does not know, at a patch without a target, and at broken YAML', () => {
    const unknown = files({ 'kustomization.yaml': 'resources: []\nhelmCharts: []\n' });
    assert.throws(() => renderOverlay(unknown), /has helmCharts, which render.ts does not know/);
    const lost = files({
      'kustomization.yaml': 'patches: [{ path: p.yaml }]\n',
      'p.yaml': 'kind: Job\nmetadata: { name: gone }\n',
    });
    assert.throws(() => renderOverlay(lost), /a patch changes Job gone, which does not exist/);
    const broken = files({ 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'a: 1\na: 2\n' });
    assert.throws(() => renderOverlay(broken), /a\.yaml: Map keys must be unique/);
  });
});

describe('differences', () => {
  const map = (name: string, more: DataMap = {}): DataMap => ({
    kind: 'ConfigMap',
    metadata: { name },
    ...more,
  });
  const compare = (left: DataMap[], right: DataMap[]): string[] =>
    differences({ name: 'one', objects: left }, { name: 'other', objects: right });

  it('order of named lists, namespace, hash of the settings and its checksum make no difference', () => {
    const left = map('settings-1234567890', {
      list: [{ name: 'a' }, { name: 'b' }],
      metadata: { name: 'settings-1234567890', namespace: 'n' },
    });
    const right = map('settings', {
      list: [{ name: 'b' }, { name: 'a' }],
      metadata: { name: 'settings', annotations: { 'checksum/settings': 'x' } },
    });
    assert.deepEqual(compare([left], [right]), []);
  });

  it('a missing object and a different value are named with their place', () => {
    assert.deepEqual(compare([map('a')], []), ['ConfigMap a is missing in other']);
    assert.deepEqual(compare([map('a', { data: { x: '1' } })], [map('a', { data: { x: '2' } })]), [
      'ConfigMap a differs between one and other at .data.x ("1" and "2")',
    ]);
    assert.equal(compare([map('a', { l: [1, 2] })], [map('a', { l: [2, 1] })]).length, 1);
  });
});
