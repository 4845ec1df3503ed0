/** Replicas by CPU, for the stages that answer HTTP. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT } from '../../../../local/parts.mjs';
import type { DataMap } from '../../../render/merge.ts';
import { objectName, readObjects } from '../../../render/render.ts';
import { NAMESPACE } from '../../../source/base.ts';
import type { ClusterCheck } from '../check.ts';
import { rolledOut, TWICE } from '../install.ts';
import { applyObjects, eventually, kubectl } from '../kubectl.ts';

const CLIENTS = 12;
/** Bounds what a small cluster must hold. */
const MOST = 3;

export async function replicasOf(name: string): Promise<number> {
  return Number(await kubectl(['get', 'deployment', name, '--output', 'jsonpath={.status.readyReplicas}']));
}

/** The autoscaler of the component `autoscaling`, which begins with the pods that are there. */
function scalerOf(name: string): DataMap {
  const file = join(PROJECT, 'deploy/kubernetes/components/autoscaling/by-cpu.yaml');
  const scaler = readObjects(file).find((object) => objectName(object) === name)!;
  const metadata = { ...(scaler.metadata as DataMap), namespace: NAMESPACE };
  return { ...scaler, metadata, spec: { ...(scaler.spec as DataMap), minReplicas: 2, maxReplicas: MOST } };
}

const scales: ClusterCheck = {
  name: 'gateway and rerank get another pod while requests take their CPU',
  async run({ load }) {
    await applyObjects(TWICE.map(scalerOf));
    let isOver = false;
    const ask = async (): Promise<void> => {
      while (!isOver) {
        await load.visit(`user-${Math.floor(Math.random() * 60)}`);
        await delay(1);
      }
    };
    const clients = Array.from({ length: CLIENTS }, ask);
    try {
      await eventually('gateway and rerank have three pods', async () => {
        const counts = await Promise.all(TWICE.map(replicasOf));
        return counts.every((count) => count >= MOST);
      });
    } finally {
      isOver = true;
      await Promise.all(clients);
      await kubectl(['delete', 'horizontalpodautoscaler', ...TWICE]);
      for (const name of TWICE) await kubectl(['scale', `deployment/${name}`, '--replicas=2']);
    }
    for (const name of TWICE) await rolledOut(name);
    return undefined;
  },
};

export const SCALING_CHECKS: readonly ClusterCheck[] = [scales];
