import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { type Manifest, Only, patchOf, Value } from './manifest.ts';
import { writeDocuments, writeYaml } from './yaml.ts';

const WORKLOAD: Manifest = {
  '#': 'A stage.',
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'gateway' },
  spec: {
    '#replicas': 'At least two.',
    replicas: new Value('gateway.replicas', 2, 'autoscaling'),
    template: {
      spec: {
        containers: [
          {
            name: 'stage',
            args: ['gateway', new Value('gateway.mode', 'fast')],
            env: [new Only('users', { name: 'USER', value: 'gateway' })],
          },
        ],
      },
    },
  },
};

describe('writeYaml', () => {
  it('writes blocks for maps and lists, a line for a short list of scalars, and comments above what they describe', () => {
    assert.equal(
      writeYaml(WORKLOAD),
      `# A stage.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gateway
spec:
  # At least two.
  replicas: 2
  template:
    spec:
      containers:
        - name: stage
          args: [gateway, fast]
`,
    );
  });

  it('writes values and conditions where the text is a template', () => {
    const text = writeYaml(WORKLOAD, 'template');
    assert.match(
      text,
      /\{\{- if not \(index \.Values\.components "autoscaling"\) \}\}\n {2}# At least two\.\n/,
    );
    assert.match(text, / {2}replicas: \{\{ \.Values\.gateway\.replicas \}\}\n\{\{- end \}\}\n/);
    assert.match(text, /args: \[gateway, \{\{ \.Values\.gateway\.mode \| quote \}\}\]\n/);
    assert.match(
      text,
      /\{\{- if index \.Values\.components "users" \}\}\n {10}env:\n {12}- name: USER\n {14}value: gateway\n\{\{- end \}\}/,
    );
  });

  it('copies braces that a template must not read', () => {
    const summary = '{{ $labels.job }} is down';
    assert.equal(writeYaml({ summary }), "summary: '{{ $labels.job }} is down'\n");
    assert.equal(writeYaml({ summary }, 'template'), `summary: '{{ "{{" }} $labels.job }} is down'\n`);
  });

  it('quotes what YAML would read as something else than text', () => {
    for (const text of [
      'true',
      'no',
      '12',
      '1e3',
      '0440',
      '12:30:45',
      '',
      ' a',
      'a: b',
      'a #b',
      "it's",
      '*',
      '0.0.0.0',
    ]) {
      assert.equal(parse(writeYaml({ text }), { version: '1.1' }).text, text, text);
    }
  });

  it('any text and any structure is read back as it was written', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom('a\nb\n', 'a\n\n  b', 'yes', '1_000'),
    );
    const { manifest } = fc.letrec<{ manifest: Manifest }>((tie) => ({
      manifest: fc.dictionary(
        fc.stringMatching(/^[a-z]{1,5}$/),
        fc.oneof(
          leaf,
          fc.array(leaf, { maxLength: 3 }),
          tie('manifest'),
          fc.array(tie('manifest'), { minLength: 1, maxLength: 2 }),
        ),
        { minKeys: 1, maxKeys: 3 },
      ) as fc.Arbitrary<Manifest>,
    }));
    fc.assert(
      fc.property(manifest, (given) =>
        assert.deepEqual(parse(writeYaml(given)), JSON.parse(JSON.stringify(given))),
      ),
    );
  });

  it('separates documents by a line', () => {
    assert.equal(writeDocuments([{ a: 1 }, { b: 2 }]), 'a: 1\n---\nb: 2\n');
  });
});

describe('patchOf', () => {
  it('names the object and the items on the way to what is chosen, and nothing else', () => {
    const patch = patchOf(WORKLOAD, (leaf) => (leaf instanceof Only ? leaf.node : undefined));
    assert.deepEqual(patch, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'gateway' },
      spec: {
        template: { spec: { containers: [{ name: 'stage', env: [{ name: 'USER', value: 'gateway' }] }] } },
      },
    });
  });

  it('holds whole lists where kustomize replaces them', () => {
    const patch = patchOf(WORKLOAD, (leaf) =>
      leaf instanceof Value && leaf.path === 'gateway.mode' ? 'slow' : undefined,
    );
    assert.match(writeYaml(patch!), /args: \[gateway, slow\]/);
    assert.equal(
      patchOf(WORKLOAD, () => undefined),
      undefined,
    );
  });
});
