import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Dataset, type DatasetAction, type DatasetItem, range } from '../../../data/dataset.ts';
import { OVERLAYS } from '../../source/overlays.ts';
import { movedTo } from '../server.ts';
import { usageOf } from './checks/idle.ts';
import { CLUSTER_CHECKS } from './checks.ts';
import { writeHistoryOf } from './history.ts';
import { WORKLOAD_NAMES, workloadOf } from './install.ts';
import { valuesFor } from './installers/helm.ts';
import { isReadyPod, type Pod } from './kubectl.ts';
import { readReplacement } from './run.ts';

describe('the verification on a cluster', () => {
  it('reads which image stands in for another', () => {
    const expected = { name: 'apache/kafka', newName: 'registry.example.com:5000/kafka', newTag: '4.4' };
    assert.deepEqual(readReplacement('apache/kafka=registry.example.com:5000/kafka:4.4'), expected);
    for (const text of ['kafka', 'kafka=', 'kafka=other', '=other:1'])
      assert.throws(() => readReplacement(text), /names no image/);
  });

  it('gives Helm the images, the components and the replicas that kubectl would get', () => {
    const images = [
      { name: 'tributary', newName: 'registry.example.com/tributary', newTag: '2' },
      { name: 'apache/kafka', newName: 'tributary-kafka', newTag: '0.1.0' },
    ];
    const { images: chosen, components, gateway, createNamespace } = valuesFor(images, ['history']);
    assert.deepEqual(chosen, {
      tributary: 'registry.example.com/tributary:2',
      kafka: 'tributary-kafka:0.1.0',
    });
    assert.deepEqual(components, { history: true });
    assert.deepEqual(gateway, { replicas: 2 });
    // The Secret needs the namespace before Helm runs.
    assert.equal(createNamespace, false);
  });

  it('sums what the pods use, in every unit of the API of metrics', () => {
    const pod = (...usages: [cpu: string, memory: string][]) => ({
      containers: usages.map(([cpu, memory]) => ({ usage: { cpu, memory } })),
    });
    const items = [pod(['250000000n', '524288Ki'], ['50m', '256Mi']), pod(['1', '1Gi'], ['3u', '0'])];
    const { cores, gibibytes, pods } = usageOf({ items });
    assert.equal(cores.toFixed(6), '1.300003');
    assert.equal(gibibytes, 1.75);
    assert.equal(pods, 2);
    assert.throws(() => usageOf({ items: [pod(['1.5', '0'])] }), /1\.5 is no quantity/);
  });

  it('moves an object into another namespace, and renames the namespace itself', () => {
    const service = { kind: 'Service', metadata: { name: 'gateway', namespace: 'tributary' } };
    assert.deepEqual(movedTo('verify', service).metadata, { name: 'gateway', namespace: 'verify' });
    const namespace = { kind: 'Namespace', metadata: { name: 'tributary', labels: { a: 'b' } } };
    assert.deepEqual(movedTo('verify', namespace).metadata, { name: 'verify', labels: { a: 'b' } });
  });

  it('updates, evicts and deletes each stage and server of the overlay local', () => {
    const names = CLUSTER_CHECKS.map(({ name }) => name);
    for (const workload of WORKLOAD_NAMES) {
      assert.ok(names.includes(`an eviction of a pod of ${workload}`));
      assert.ok(names.includes(`the deletion of a pod of ${workload}`));
    }
    assert.equal(new Set(names).size, names.length);
  });

  it('names the kind of each workload as the manifests do', () => {
    const local = OVERLAYS.find(({ name }) => name === 'local')!;
    const kinds = new Map(
      local.components
        .flatMap(({ files }) => Object.values(files).flat())
        .map((one) => [(one.metadata as { name: string }).name + String(one.kind), one.kind]),
    );
    for (const name of ['kafka', 'redis', 'registry']) {
      const [kind] = workloadOf(name).split('/');
      assert.ok([...kinds.keys()].some((key) => key.toLowerCase() === `${name}${kind}`));
    }
  });

  it('takes a pod for ready when each of its containers is', () => {
    const pod = (phase: string, ...ready: boolean[]): Pod => ({
      metadata: { name: 'p', uid: 'u', labels: {} },
      spec: {},
      status: {
        phase,
        containerStatuses: ready.map((is) => ({ restartCount: 0, ready: is, lastState: {} })),
      },
    });
    assert.ok(isReadyPod(pod('Running', true, true)));
    assert.ok(!isReadyPod(pod('Running', true, false)));
    assert.ok(!isReadyPod(pod('Pending')));
  });

  it('writes a history in which titles keep their commas and quotes', async () => {
    const actions: DatasetAction[] = [
      { eventId: 'e', userId: 'u', itemId: 'i', type: 'buy', occurredAt: 1, contextId: 'c' },
    ];
    const items: DatasetItem[] = [{ itemId: 'i', title: 'Bread, "dark"' }];
    const dataset: Dataset = {
      name: 'd',
      title: 'd',
      actionCount: 1,
      actions: (from, to) => range(actions, from, to),
      items: () => range(items),
    };
    const folder = mkdtempSync(join(tmpdir(), 'history-'));
    const read = (name: string) => gunzipSync(readFileSync(join(folder, name))).toString();
    try {
      assert.deepEqual(await writeHistoryOf(folder, dataset), { actions: 1, items: 1, userId: 'u' });
      assert.equal(read('actions.csv.gz'), 'userId,itemId,type,occurredAt,contextId\nu,i,buy,1,c\n');
      assert.equal(read('items.csv.gz'), 'itemId,title\ni,"Bread, ""dark"""\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
