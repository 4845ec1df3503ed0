/** The rules that every pod and every stage meets. */
import { isDeepStrictEqual } from 'node:util';
import { PLATFORM_SETTINGS } from '#platform/config.ts';
import { STAGE_NAMES } from '#stages/stages.ts';
import type { DataMap } from '../render/merge.ts';
import { objectName } from '../render/render.ts';
import { at, JOBS, ofKind, type PodSource, podSources, quantity, type Rule, selects } from './objects.ts';

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'];
const AMOUNTS = ['cpu', 'memory', 'ephemeral-storage'];

/** Every pod runs without privileges, on a file system that it cannot write, without access to the API server. */
export const isRestricted: Rule = (objects) =>
  podSources(objects).flatMap(({ title, pod, containers }) => {
    const faults = [
      ...expectAt(title, pod, true, 'securityContext', 'runAsNonRoot'),
      ...expectAt(title, pod, 'RuntimeDefault', 'securityContext', 'seccompProfile', 'type'),
      ...expectAt(title, pod, false, 'automountServiceAccountToken'),
      ...expectAt(title, pod, false, 'enableServiceLinks'),
      ...containers.flatMap((container) => [
        ...expectAt(title, container, false, 'securityContext', 'allowPrivilegeEscalation'),
        ...expectAt(title, container, true, 'securityContext', 'readOnlyRootFilesystem'),
        ...expectAt(title, container, ['ALL'], 'securityContext', 'capabilities', 'drop'),
      ]),
    ];
    const accounts = ofKind(objects, 'ServiceAccount').filter(
      (one) => objectName(one) === pod.serviceAccountName,
    );
    return accounts.length === 1 ? faults : [...faults, `${title} has no ServiceAccount of its own`];
  });

function expectAt(title: string, value: DataMap, expected: unknown, ...path: string[]): string[] {
  const actual = at(value, ...path);
  if (isDeepStrictEqual(actual, expected)) return [];
  return [`${title}: ${path.join('.')} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`];
}

/** Every container names what it needs and what it may use at most, and an image of a fixed version. */
export const isBounded: Rule = (objects) =>
  podSources(objects).flatMap(({ title, containers }) =>
    containers.flatMap((container) => [
      ...AMOUNTS.flatMap((amount) => {
        const request = quantity(at(container, 'resources', 'requests', amount));
        const limit = quantity(at(container, 'resources', 'limits', amount));
        if (Number.isNaN(request) || Number.isNaN(limit))
          return [`${title}: ${amount} lacks a request or a limit`];
        return request <= limit ? [] : [`${title}: the request of ${amount} exceeds its limit`];
      }),
      ...(/:(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$/.test(String(container.image))
        ? []
        : [`${title}: the image ${String(container.image)} has no version`]),
    ]),
  );

/** `kubectl describe pod` shows the end of the log of a container that failed. */
export const saysWhyItEnded: Rule = (objects) =>
  podSources(objects).flatMap(({ title, containers }) =>
    containers.flatMap((one) => expectAt(title, one, 'FallbackToLogsOnError', 'terminationMessagePolicy')),
  );

/** Every server has three probes, and starting, living and being ready are different questions. */
export const isProbed: Rule = (objects) =>
  podSources(objects)
    .filter(({ kind }) => !JOBS.includes(kind))
    .flatMap(({ title, containers }) =>
      containers.flatMap((container) => {
        const missing = PROBES.filter((probe) => container[probe] === undefined);
        if (missing.length > 0) return [`${title} has no ${missing.join(', ')}`];
        const [start, live, ready] = PROBES.map((probe) => container[probe] as DataMap);
        const same = [
          isDeepStrictEqual(start, live) ? 'startupProbe and livenessProbe' : '',
          isDeepStrictEqual(live, ready) ? 'livenessProbe and readinessProbe' : '',
        ].filter(Boolean);
        return same.map((pair) => `${title}: ${pair} are the same`);
      }),
    );

/** Every server has a budget that a pod which is not ready cannot block. */
export const hasBudget: Rule = (objects) =>
  podSources(objects)
    .filter(({ kind }) => !JOBS.includes(kind))
    .flatMap(({ title, labels }) => {
      const budgets = ofKind(objects, 'PodDisruptionBudget').filter((one) =>
        selects(at(one, 'spec', 'selector', 'matchLabels'), labels),
      );
      if (budgets.length !== 1) return [`${title} has ${budgets.length} disruption budgets, not one`];
      return expectAt(title, budgets[0]!, 'AlwaysAllow', 'spec', 'unhealthyPodEvictionPolicy');
    });

/** Every pod is the subject of a policy beside the one that denies everything. */
export const hasPolicy: Rule = (objects) => {
  const policies = ofKind(objects, 'NetworkPolicy');
  const denied = policies.some(
    (policy) =>
      isDeepStrictEqual(at(policy, 'spec', 'podSelector'), {}) &&
      isDeepStrictEqual(at(policy, 'spec', 'policyTypes'), ['Ingress', 'Egress']) &&
      at(policy, 'spec', 'ingress') === undefined &&
      at(policy, 'spec', 'egress') === undefined,
  );
  const alone = podSources(objects).filter(
    ({ labels }) =>
      !policies.some((policy) => selects(at(policy, 'spec', 'podSelector', 'matchLabels'), labels)),
  );
  return [
    ...(denied ? [] : ['no policy denies all traffic']),
    ...alone.map(({ title }) => `${title} has no network policy`),
  ];
};

/** Every stage is there, spread, and has more time to end than it takes to drain. */
export const hasEveryStage: Rule = (objects) => {
  const sources = podSources(objects);
  return STAGE_NAMES.flatMap((stage) => {
    const source = sources.find(({ name }) => name === stage);
    if (source === undefined) return [`the stage ${stage} has no manifest`];
    const service = ofKind(objects, 'Service').find((one) => objectName(one) === stage);
    return [
      ...(service === undefined ? [`the stage ${stage} has no Service`] : []),
      ...drains(source),
      ...(at(source.pod, 'topologySpreadConstraints', 0) === undefined
        ? [`${source.title} is not spread`]
        : []),
    ];
  });
};

function drains({ title, pod, containers }: PodSource): string[] {
  const pause = Number(at(containers[0], 'lifecycle', 'preStop', 'sleep', 'seconds'));
  const drain = PLATFORM_SETTINGS.drainDeadlineMs.fallback! / 1_000;
  const grace = Number(pod.terminationGracePeriodSeconds);
  return grace > pause + drain
    ? []
    : [`${title} has ${grace} s to end, but pauses ${pause} s and drains ${drain} s`];
}

/** Every Service, and every port that it names, leads to a container. */
export const leadsSomewhere: Rule = (objects) => {
  const sources = podSources(objects);
  return ofKind(objects, 'Service').flatMap((service) => {
    const title = `Service ${objectName(service)}`;
    const chosen = sources.filter(({ labels }) => selects(at(service, 'spec', 'selector'), labels));
    if (chosen.length === 0) return [`${title} selects nothing`];
    const ports = chosen.flatMap(({ containers }) =>
      containers.flatMap((container) => container.ports as DataMap[]),
    );
    return (at(service, 'spec', 'ports') as DataMap[])
      .filter(({ targetPort }) => !ports.some((port) => port.name === targetPort))
      .map(({ targetPort }) => `${title} leads to a port ${String(targetPort)} that no container has`);
  });
};

/** The namespace admits only restricted pods. */
export const isNamespaceRestricted: Rule = (objects) =>
  ofKind(objects, 'Namespace').some(
    (one) => at(one, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce') === 'restricted',
  )
    ? []
    : ['the namespace does not enforce the Pod Security Standard restricted'];
