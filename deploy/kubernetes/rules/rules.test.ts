import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { CATALOG, TOPICS, USER_PARTITIONS } from '#topics/catalog.ts';
import { PROJECT } from '../../local/parts.mjs';
import type { DataMap } from '../render/merge.ts';
import { objectName, renderOverlay } from '../render/render.ts';
import { OVERLAYS } from '../source/overlays.ts';
import { everyRule } from './every-rule.ts';
import { metricsIn, unknownMetrics, unwatched } from './metric-rules.ts';
import { at, podSources, quantity } from './objects.ts';

const rendered = new Map(
  OVERLAYS.map(({ name }) => [name, renderOverlay(join(PROJECT, 'deploy/kubernetes/overlays', name))]),
);

/** The objects of the overlay production-external with one of them changed. */
function withChange(kind: string, name: string, change: (object: DataMap) => void): DataMap[] {
  const objects = structuredClone(rendered.get('production-external')!);
  change(objects.find((object) => object.kind === kind && objectName(object) === name)!);
  return objects;
}

const container = (object: DataMap): DataMap =>
  at(object, 'spec', 'template', 'spec', 'containers', 0) as DataMap;

const ADDRESSES = 'a scaler finds Kafka and Prometheus from a namespace of its own';
const SCALERS = 'a scaler decides the replicas alone, and never on zero';
const PARTITIONS = 'no stage has more replicas than partitions, and a scaler may use all of them';

/** A change that breaks each rule, with the sentence that must name it. */
const BREACHES: Readonly<
  Record<string, { kind: string; name: string; change: (object: DataMap) => void; says: RegExp }[]>
> = {
  'every stage has a manifest and a Service, is spread, and has more time to end than it takes to drain': [
    { kind: 'Service', name: 'rerank', change: (one) => (one.kind = 'Gone'), says: /rerank has no Service/ },
    {
      kind: 'Deployment',
      name: 'rerank',
      change: (one) => ((at(one, 'spec', 'template', 'spec') as DataMap).terminationGracePeriodSeconds = 20),
      says: /rerank has 20 s to end, but pauses 5 s and drains 20 s/,
    },
  ],
  'every pod runs without privileges': [
    {
      kind: 'Deployment',
      name: 'gateway',
      change: (one) => ((container(one).securityContext as DataMap).readOnlyRootFilesystem = false),
      says: /gateway: securityContext.readOnlyRootFilesystem is false, not true/,
    },
    {
      kind: 'ServiceAccount',
      name: 'index',
      change: (one) => (one.kind = 'Gone'),
      says: /index has no ServiceAccount/,
    },
  ],
  'every container has requests, limits and an image of a fixed version': [
    {
      kind: 'Deployment',
      name: 'propose',
      change: (one) => delete (at(container(one), 'resources', 'limits') as DataMap)['ephemeral-storage'],
      says: /propose: ephemeral-storage lacks a request or a limit/,
    },
    {
      kind: 'Deployment',
      name: 'propose',
      change: (one) => (container(one).image = 'tributary:latest'),
      says: /propose: the image tributary:latest has no version/,
    },
  ],
  'every container says why it ended': [
    {
      kind: 'Job',
      name: 'topics',
      change: (one) => delete container(one).terminationMessagePolicy,
      says: /topics: terminationMessagePolicy is undefined, not "FallbackToLogsOnError"/,
    },
  ],
  'every server has three probes that differ': [
    {
      kind: 'Deployment',
      name: 'feedback',
      change: (one) => (container(one).readinessProbe = container(one).livenessProbe!),
      says: /feedback: livenessProbe and readinessProbe are the same/,
    },
  ],
  'every server has a disruption budget': [
    {
      kind: 'PodDisruptionBudget',
      name: 'interests',
      change: (one) => ((one.spec as DataMap).unhealthyPodEvictionPolicy = 'IfHealthyBudget'),
      says: /interests: spec.unhealthyPodEvictionPolicy/,
    },
  ],
  'every pod has a network policy': [
    {
      kind: 'NetworkPolicy',
      name: 'topics',
      change: (one) => (one.kind = 'Gone'),
      says: /topics has no network policy/,
    },
    {
      kind: 'NetworkPolicy',
      name: 'default-deny',
      change: (one) => (one.kind = 'Gone'),
      says: /no policy denies/,
    },
  ],
  'every Service leads to a container': [
    {
      kind: 'Service',
      name: 'gateway',
      change: (one) => ((one.spec as DataMap).selector = { 'app.kubernetes.io/name': 'gate' }),
      says: /Service gateway selects nothing/,
    },
  ],
  'the namespace admits only restricted pods': [
    {
      kind: 'Namespace',
      name: 'tributary',
      change: (one) => ((one.metadata as DataMap).labels = {}),
      says: /does not enforce/,
    },
  ],
  'every setting exists and has a value that is accepted': [
    {
      kind: 'ConfigMap',
      name: 'settings',
      change: (one) => ((one.data as DataMap).TRIBUTARY_LOG_LVL = 'info'),
      says: /there is no setting TRIBUTARY_LOG_LVL/,
    },
    {
      kind: 'ConfigMap',
      name: 'settings',
      change: (one) => ((one.data as DataMap).TRIBUTARY_LOG_LEVEL = 'loud'),
      says: /TRIBUTARY_LOG_LEVEL must be one of .*, but is "loud"/,
    },
  ],
  'every stage finds and reaches the stages that it calls': [
    {
      kind: 'ConfigMap',
      name: 'settings',
      change: (one) => delete (one.data as DataMap).TRIBUTARY_PROPOSE_URL,
      says: /gateway calls propose, but TRIBUTARY_PROPOSE_URL is nothing/,
    },
    {
      kind: 'NetworkPolicy',
      name: 'propose',
      change: (one) => delete (one.spec as DataMap).ingress,
      says: /the network policies keep gateway from propose/,
    },
  ],
  'no manifest contains a secret': [
    {
      kind: 'ConfigMap',
      name: 'settings',
      change: (one) => ((one.data as DataMap).REDIS_URL = 'redis://:open-sesame@redis:6379'),
      says: /REDIS_URL contains a secret: name its file instead/,
    },
  ],
  [PARTITIONS]: [
    {
      kind: 'Deployment',
      name: 'interests',
      change: (one) => ((one.spec as DataMap).replicas = 7),
      says: /interests: replicas is 7, but its topics have 6 partitions/,
    },
    {
      kind: 'Job',
      name: 'topics',
      change: (one) => (container(one).args as string[]).splice(-1, 1, '1'),
      says: /rerank: replicas is 2, but its topics have 1 partitions/,
    },
  ],
};

describe('the overlays', () => {
  for (const { name } of OVERLAYS) {
    it(`the overlay ${name} breaks no rule`, async () => {
      for (const [sentence, rule] of Object.entries(await everyRule())) {
        assert.deepEqual(rule(rendered.get(name)!), [], sentence);
      }
    });
  }
});

/** Returns the objects of a kustomization that stands beside the manifests. */
function renderBeside(kustomization: {
  overlay: string;
  component: string;
  configMapGenerator?: readonly { name: string; literals: readonly string[] }[];
}): DataMap[] {
  const folder = mkdtempSync(join(tmpdir(), 'beside-'));
  const place = (path: string): string => relative(folder, join(PROJECT, 'deploy/kubernetes', path));
  const content = {
    namespace: 'tributary',
    resources: [place(`overlays/${kustomization.overlay}`)],
    components: [place(`components/${kustomization.component}`)],
    configMapGenerator: kustomization.configMapGenerator ?? [],
  };
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(content));
    return renderOverlay(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ADDED = [
  { component: 'inference-workers', overlay: 'production', kind: 'CronJob' },
  { component: 'history', overlay: 'local', kind: 'Job' },
];

describe('the components that no overlay has', () => {
  for (const added of ADDED) {
    it(`the component ${added.component} breaks no rule beside the overlay ${added.overlay}`, async () => {
      const objects = renderBeside(added);
      assert.ok(
        podSources(objects).some(({ name, kind }) => name === added.component && kind === added.kind),
      );
      for (const [sentence, rule] of Object.entries(await everyRule())) {
        assert.deepEqual(rule(objects), [], sentence);
      }
    });
  }
});

describe('an installation with twelve partitions', () => {
  const twelve = renderBeside({
    overlay: 'production',
    component: 'user-partitions',
    configMapGenerator: [{ name: 'user-partitions', literals: ['count=12'] }],
  });
  const find = (kind: string, name: string): DataMap =>
    twelve.find((one) => one.kind === kind && objectName(one) === name)!;

  it('creates twelve, and lets each stage that shares them have twelve replicas', () => {
    assert.deepEqual((container(find('Job', 'topics')).args as string[]).slice(-2), [
      '--user-partitions',
      '12',
    ]);
    for (const { name, key } of TOPICS) {
      const count = at(find('KafkaTopic', `tributary.${name}`), 'spec', 'partitions');
      assert.equal(count, key === 'userId' ? 12 : CATALOG[name].partitions, name);
    }
    for (const name of ['interests', 'propose', 'feedback'])
      assert.equal(at(find('ScaledObject', name), 'spec', 'maxReplicaCount'), 12);
    assert.equal(at(find('HorizontalPodAutoscaler', 'rerank'), 'spec', 'maxReplicas'), 12);
    assert.equal(at(find('HorizontalPodAutoscaler', 'gateway'), 'spec', 'maxReplicas'), 20);
  });

  it('breaks no rule, and a scaler or a topic that kept six does', async () => {
    const rules = await everyRule();
    for (const [sentence, rule] of Object.entries(rules)) assert.deepEqual(rule(twelve), [], sentence);
    const six = renderOverlay(join(PROJECT, 'deploy/kubernetes/overlays/production'));
    const mixed = twelve.map((object) =>
      (object.kind === 'ScaledObject' && objectName(object) === 'propose') ||
      (object.kind === 'KafkaTopic' && objectName(object) === 'tributary.slates')
        ? six.find((one) => one.kind === object.kind && objectName(one) === objectName(object))!
        : object,
    );
    assert.deepEqual(rules[PARTITIONS]!(mixed), [
      'KafkaTopic slates has 6 partitions, but the Job topics creates 12',
      'propose: maxReplicaCount is 6, but its topics have 12 partitions',
    ]);
  });

  it('is one value of the chart', () => {
    const chart = join(PROJECT, 'deploy/kubernetes/chart');
    const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as DataMap;
    assert.equal(at(values, 'topics', 'userPartitions'), USER_PARTITIONS);
    const places: readonly (readonly [file: string, count: number])[] = [
      ['topics.yaml', 1],
      ['components/autoscaling/by-lag.yaml', 3],
      ['components/autoscaling/by-cpu.yaml', 1],
      ['components/kafka-strimzi/topics.yaml', TOPICS.filter(({ key }) => key === 'userId').length],
    ];
    for (const [file, count] of places) {
      const text = readFileSync(join(chart, 'templates', file), 'utf8');
      assert.equal(text.split('.Values.topics.userPartitions').length - 1, count, file);
    }
  });
});

describe('the rules about manifests', () => {
  for (const [sentence, breaches] of Object.entries(BREACHES)) {
    it(`a breach is found of the rule that ${sentence}`, async () => {
      const rule = (await everyRule())[sentence]!;
      for (const { kind, name, change, says } of breaches) {
        assert.match(rule(withChange(kind, name, change)).join('\n'), says);
      }
    });
  }

  it('every rule has a breach that it must find', async () => {
    assert.deepEqual(
      Object.keys(await everyRule()).sort(),
      [...Object.keys(BREACHES), SCALERS, ADDRESSES].sort(),
    );
  });

  it('a scaler beside a fixed number of replicas is found, and so is one that may scale to zero', async () => {
    const rule = (await everyRule())[SCALERS]!;
    const objects = structuredClone(rendered.get('production')!);
    const find = (kind: string) =>
      objects.find((one) => one.kind === kind && objectName(one) === 'interests')!;
    (find('Deployment').spec as DataMap).replicas = 2;
    (find('ScaledObject').spec as DataMap).minReplicaCount = 0;
    assert.deepEqual(rule(objects), ['Deployment interests has replicas beside a scaler']);
    delete (find('Deployment').spec as DataMap).replicas;
    assert.deepEqual(rule(objects), ['interests may be scaled to zero']);
  });

  it('an address that means nothing in the namespace of KEDA is found, in a scaler and in what Kafka answers', async () => {
    const rule = (await everyRule())[ADDRESSES]!;
    const objects = [
      ...structuredClone(rendered.get('production')!),
      ...structuredClone(rendered.get('local')!),
    ];
    const scaler = objects.find((one) => one.kind === 'ScaledObject' && objectName(one) === 'propose')!;
    const [lag, freshness] = (scaler.spec as DataMap).triggers as DataMap[];
    (lag!.metadata as DataMap).bootstrapServers = 'kafka.tributary.svc:9092,kafka:9092';
    (freshness!.metadata as DataMap).serverAddress = 'http://prometheus:9090';
    const start = objects.find((one) => one.kind === 'ConfigMap' && objectName(one) === 'kafka')!
      .data as DataMap;
    start['start.sh'] = String(start['start.sh']).replace('.$NAMESPACE.svc', '');
    assert.deepEqual(rule(objects), [
      'ScaledObject propose asks kafka:9092, which names no namespace',
      'ScaledObject propose asks http://prometheus:9090, which names no namespace',
      'kafka advertises kafka-$node.kafka-pods:9092, which names no namespace',
    ]);
  });
});

describe('the overlay local', () => {
  it('the overlay local requests less than 2 cores and 3 GiB, and is bounded by 6 GiB', () => {
    const sum = (kind: string, amount: string): number =>
      podSources(rendered.get('local')!)
        .filter((source) => source.kind !== 'Job')
        .flatMap(({ containers, replicas }) =>
          containers.map((one) => replicas * quantity(at(one, 'resources', kind, amount))),
        )
        .reduce((total, each) => total + each, 0);
    assert.ok(sum('requests', 'cpu') < 1.5, `${sum('requests', 'cpu')} cores`);
    assert.ok(sum('requests', 'memory') <= 3 * 2 ** 30, `${sum('requests', 'memory') / 2 ** 20} MiB`);
    assert.ok(sum('limits', 'memory') <= 6 * 2 ** 30, `${sum('limits', 'memory') / 2 ** 20} MiB`);
  });
});

describe('alerts and dashboards', () => {
  it('name only metrics that exist', () => {
    assert.deepEqual(unknownMetrics(), []);
  });

  it('every stage is watched, and every alert has a runbook and a test', () => {
    assert.deepEqual(unwatched(), []);
  });

  it('metrics are found in a query, and labels, functions and texts are not', () => {
    const query =
      'sum by (le, stage) (rate(a_bucket{le="0.5",topic=~"x|y"}[5m])) / on (stage) max(b_total offset 1h) > 3 and absent(c)';
    assert.deepEqual(metricsIn(query), ['a_bucket', 'b_total', 'c']);
  });
});
