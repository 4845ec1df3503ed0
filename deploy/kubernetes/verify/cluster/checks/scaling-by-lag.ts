/** Replicas by the lag of a consumer group, where the cluster has KEDA. */

import { join } from 'node:path';
import { SHARED_ITEMS } from '../../../../faults/nemesis/generations.ts';
import type { PostedAction } from '../../../../faults/post-actions.ts';
import { SetupError } from '../../../../local/parts/setup-error.mjs';
import { PROJECT } from '../../../../local/parts.mjs';
import type { DataMap } from '../../../render/merge.ts';
import { objectName, readObjects } from '../../../render/render.ts';
import { NAMESPACE } from '../../../source/base.ts';
import type { ClusterCheck } from '../check.ts';
import { rolledOut } from '../install.ts';
import { applyObjects, eventually, kubectl } from '../kubectl.ts';
import { replicasOf } from './scaling.ts';

const STAGE = 'interests';
/** Bounds what a small cluster must hold. */
const MOST = 3;
/** What waits before the autoscaler is there: requests, and actions in each. */
const BACKLOG = { requests: 40, actions: 500 } as const;
/** One pod may handle the backlog before the autoscaler looks, so that more follows until there are more pods; at most so many requests in all. */
const MOST_REQUESTS = 400;
/** Sooner than in an installation, where a replica leaves after five minutes. */
const QUICKLY = { pollingInterval: 5, cooldownPeriod: 15, stabilizationWindowSeconds: 15 } as const;

/** @throws SetupError unless the cluster knows the custom resources of KEDA */
export async function requireKeda(): Promise<void> {
  await kubectl(['get', 'crd', 'scaledobjects.keda.sh']).catch(() => {
    throw new SetupError('The cluster has no KEDA', 'Install KEDA 2.17 or newer, or leave --keda out');
  });
}

/** The autoscaler of the component `autoscaling`, for one pod and more, without the query of a Prometheus that is not there. */
function scaledObject(): DataMap {
  const file = join(PROJECT, 'deploy/kubernetes/components/autoscaling/by-lag.yaml');
  const found = readObjects(file).find(
    (object) => object.kind === 'ScaledObject' && objectName(object) === STAGE,
  )!;
  const spec = found.spec as DataMap;
  const [lag] = spec.triggers as DataMap[];
  const { pollingInterval, cooldownPeriod, stabilizationWindowSeconds } = QUICKLY;
  const scaleDown = {
    stabilizationWindowSeconds,
    policies: [{ type: 'Pods', value: MOST, periodSeconds: stabilizationWindowSeconds }],
  };
  return {
    ...found,
    metadata: { ...(found.metadata as DataMap), namespace: NAMESPACE },
    spec: {
      ...spec,
      ...{ pollingInterval, cooldownPeriod, minReplicaCount: 1, maxReplicaCount: MOST },
      fallback: { ...(spec.fallback as DataMap), replicas: 1 },
      advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } },
      triggers: [lag!],
    },
  };
}

/** The actions of a request, each of another user; after the backlog the same users act again. */
function actionsOf(request: number): PostedAction[] {
  return Array.from({ length: BACKLOG.actions }, (_, place) => {
    const number = request * BACKLOG.actions + place;
    const userId = `backlog-${number % (BACKLOG.requests * BACKLOG.actions)}`;
    return {
      eventId: `backlog-${number}`,
      userId,
      itemId: SHARED_ITEMS[number % SHARED_ITEMS.length]!,
      type: 'view',
    };
  });
}

const scales: ClusterCheck = {
  name: 'KEDA gives interests as many pods as its lag asks for, and takes them again',
  async run({ load }) {
    const started = performance.now();
    const secondsSince = (): number => Math.round((performance.now() - started) / 1_000);
    try {
      await kubectl(['scale', `deployment/${STAGE}`, '--replicas=0']);
      await eventually(`${STAGE} has no pod`, async () => (await replicasOf(STAGE)) === 0);
      let requests = 0;
      const post = async (count: number): Promise<void> => {
        for (const end = Math.min(requests + count, MOST_REQUESTS); requests < end; requests++)
          await load.actTogether(actionsOf(requests));
      };
      await post(BACKLOG.requests);
      const posted = secondsSince();
      await applyObjects([scaledObject()]);
      await eventually(`${STAGE} has ${MOST} pods`, async () => {
        if ((await replicasOf(STAGE)) >= MOST) return true;
        await post(4);
        return false;
      });
      const grown = secondsSince();
      await eventually(`${STAGE} has one pod again`, async () => (await replicasOf(STAGE)) === 1);
      return `${BACKLOG.requests * BACKLOG.actions} actions behind and ${(requests - BACKLOG.requests) * BACKLOG.actions} more: ${MOST} pods after ${grown - posted} s, one again ${secondsSince() - grown} s later`;
    } finally {
      await kubectl(['delete', 'scaledobject', STAGE, '--ignore-not-found']);
      await kubectl(['scale', `deployment/${STAGE}`, '--replicas=1']);
      await rolledOut(STAGE);
    }
  },
};

export const LAG_CHECKS: readonly ClusterCheck[] = [scales];
