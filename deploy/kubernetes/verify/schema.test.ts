import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DataMap } from '../render/merge.ts';
import { collectSchemas, type Schema, schemaFaults } from './schema.ts';

const definitions: Record<string, Schema> = {
  Pod: {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { $ref: '#/definitions/PodSpec' },
    },
    'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
  },
  PodSpec: {
    type: 'object',
    properties: {
      priority: { type: 'integer', minimum: 0 },
      policy: { type: 'string', enum: ['Always', 'Never'] },
      port: { type: 'string', format: 'int-or-string' },
      amount: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
      names: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' } },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
};
const crd: DataMap = {
  spec: {
    group: 'keda.sh',
    names: { kind: 'Scaler' },
    versions: [
      {
        name: 'v1',
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              apiVersion: {},
              kind: {},
              metadata: { type: 'object' },
              free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};
const schemas = collectSchemas(definitions, [crd]);
const pod = (spec: DataMap): DataMap => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });

describe('schemaFaults', () => {
  it('an object that fits has none', () => {
    const spec = { priority: 1, policy: 'Never', port: 80, amount: '1Gi', names: ['a'], labels: { x: 'y' } };
    assert.deepEqual(schemaFaults(pod(spec), schemas), []);
    const scaler = { apiVersion: 'keda.sh/v1', kind: 'Scaler', metadata: { name: 's' }, free: { any: 1 } };
    assert.deepEqual(schemaFaults(scaler, schemas), []);
  });

  it('each fault is named with its place', () => {
    const cases: [DataMap, RegExp][] = [
      [{ prio: 1 }, /^Pod p: there is no field \.spec\.prio$/],
      [{ priority: '1' }, /\.spec\.priority is "1", not a number/],
      [{ priority: -1 }, /\.spec\.priority is -1, below 0/],
      [{ priority: 1.5 }, /not a whole number/],
      [{ policy: 'Sometimes' }, /\.spec\.policy is "Sometimes", not one of Always, Never/],
      [{ port: true }, /\.spec\.port is neither a number nor a text/],
      [{ names: ['a', 'B'] }, /\.spec\.names\[1\] does not match/],
      [{ labels: { x: 1 } }, /\.spec\.labels\.x is 1, not a text/],
    ];
    for (const [spec, expected] of cases) assert.match(schemaFaults(pod(spec), schemas).join('\n'), expected);
    const { spec: _, ...bare } = pod({});
    assert.deepEqual(schemaFaults(bare, schemas), ['Pod p: .spec is missing']);
  });

  it('an unknown kind is a fault', () => {
    const faults = schemaFaults({ apiVersion: 'v2', kind: 'Pod', metadata: { name: 'p' } }, schemas);
    assert.deepEqual(faults, ['Pod p: there is no kind v2 Pod']);
  });
});
