/** The rules about settings, secrets and replicas. */
import { join } from 'node:path';
import { fileVariable } from '#contracts/secret-file.ts';
import { PLATFORM_SETTINGS, portSetting, type Setting, type Settings } from '#platform/config.ts';
import { STAGES, urlVariable, WORKERS } from '#stages/stages.ts';
import { qualifiedTopic, TOPICS } from '#topics/catalog.ts';
import { PROJECT } from '../../local/parts.mjs';
import type { Data, DataMap } from '../render/merge.ts';
import { objectName } from '../render/render.ts';
import { TOPICS_JOB } from '../source/topics-job.ts';
import { isKeyedByUser, USER_PARTITIONS_OPTION } from '../source/user-partitions.ts';
import { TOPIC_NAMESPACE, WORKLOADS } from '../source/workloads.ts';
import { at, ofKind, podSources, type Rule } from './objects.ts';

const NAME_LABEL = 'app.kubernetes.io/name';

/** Returns the settings that a stage or a worker declares itself. */
async function settingsOfFolder(folder: string): Promise<Setting<unknown>[]> {
  const module = (await import(join(PROJECT, 'services', folder, 'config.ts'))) as { SETTINGS: Settings };
  return Object.values(module.SETTINGS);
}

/** Returns every setting of every stage, by its variable. */
export async function allSettings(): Promise<ReadonlyMap<string, Setting<unknown>>> {
  const declared = await Promise.all(
    [...Object.values(STAGES), ...Object.values(WORKERS)].map(({ folder }) => settingsOfFolder(folder)),
  );
  const all = [...Object.values(PLATFORM_SETTINGS as Settings), portSetting(0), ...declared.flat()];
  return new Map(all.map((setting) => [setting.variable, setting]));
}

/** A stage, and one that it calls. */
export interface StageCall {
  readonly caller: string;
  readonly called: string;
}

/** Returns which stages call which, as their settings declare it: a stage has the address of each that it calls. */
export async function stageCalls(): Promise<StageCall[]> {
  const calls = await Promise.all(
    Object.values(STAGES).map(async ({ name: caller, folder }) => {
      const variables = new Set((await settingsOfFolder(folder)).map(({ variable }) => variable));
      return Object.keys(STAGES)
        .filter((called) => variables.has(urlVariable(called)))
        .map((called) => ({ caller, called }));
    }),
  );
  return calls.flat();
}

/**
 * Returns the rule that a stage finds each stage that it calls, and may reach it: where its address is not set, the stage would
 * look for it on its own host.
 */
export function callsLeadToStages(calls: readonly StageCall[]): Rule {
  return (objects) => {
    const variables = variablesOf(objects).filter(({ place }) => place === 'settings');
    const addresses = new Map(variables.map(({ variable, value }) => [variable, String(value)]));
    return calls.flatMap(({ caller, called }) => {
      const address = addresses.get(urlVariable(called)) ?? 'nothing';
      const target = `http://${called}:${STAGES[called as keyof typeof STAGES].port}`;
      return [
        ...(address === target
          ? []
          : [`${caller} calls ${called}, but ${urlVariable(called)} is ${address}`]),
        ...(mayReach(objects, caller, called) ? [] : [`the network policies keep ${caller} from ${called}`]),
      ];
    });
  };
}

/** Whether the policies of both stages name the other one. */
function mayReach(objects: readonly DataMap[], caller: string, called: string): boolean {
  const names = (stage: string, direction: 'egress' | 'ingress', peer: string): boolean =>
    ofKind(objects, 'NetworkPolicy')
      .filter((policy) => at(policy, 'spec', 'podSelector', 'matchLabels', NAME_LABEL) === stage)
      .flatMap((policy) => (at(policy, 'spec', direction) ?? []) as DataMap[])
      .flatMap((one) => (one[direction === 'egress' ? 'to' : 'from'] ?? []) as DataMap[])
      .some((one) => at(one, 'podSelector', 'matchLabels', NAME_LABEL) === peer);
  return names(caller, 'egress', called) && names(called, 'ingress', caller);
}

/** Returns the rule that the variables of the stages exist and have values that the stages accept. */
export function settingsAreKnown(settings: ReadonlyMap<string, Setting<unknown>>): Rule {
  const files = new Set(
    [...settings.values()].filter((one) => one.secret).map((one) => fileVariable(one.variable)),
  );
  return (objects) =>
    variablesOf(objects).flatMap(({ place, variable, value }) => {
      if (files.has(variable)) return [];
      const setting = settings.get(variable);
      if (setting === undefined) return [`${place}: there is no setting ${variable}`];
      if (typeof value !== 'string' || setting.parse(value) !== undefined) return [];
      return [`${place}: ${variable} must be ${setting.accepts}, but is "${value}"`];
    });
}

/** Returns the rule that no manifest contains a secret. */
export function secretsAreReferred(settings: ReadonlyMap<string, Setting<unknown>>): Rule {
  return (objects) => [
    ...ofKind(objects, 'Secret').map((secret) => `Secret ${objectName(secret)} is part of the manifests`),
    ...variablesOf(objects).flatMap(({ place, variable, value }) => {
      const isAddress = ['SCHEMA_REGISTRY_URL', 'REDIS_URL'].includes(variable);
      if (typeof value !== 'string' || !settings.get(variable)?.secret) return [];
      return isAddress && !value.includes('@')
        ? []
        : [`${place}: ${variable} contains a secret: name its file instead`];
    }),
  ];
}

/** The variables of the processes of Tributary. */
function variablesOf(
  objects: readonly DataMap[],
): { place: string; variable: string; value: Data | undefined }[] {
  const shared = ofKind(objects, 'ConfigMap').filter((one) =>
    /^settings(-[a-z0-9]{10})?$/.test(objectName(one)),
  );
  const own = podSources(objects).filter(({ labels }) =>
    ['stage', 'job'].includes(labels['app.kubernetes.io/component'] ?? ''),
  );
  return [
    ...shared.flatMap(({ data }) =>
      Object.entries(data as DataMap).map(([variable, value]) => ({ place: 'settings', variable, value })),
    ),
    ...own.flatMap(({ title, containers }) =>
      containers.flatMap(({ env = [] }) =>
        (env as DataMap[]).map(({ name, value }) => ({ place: title, variable: String(name), value })),
      ),
    ),
  ];
}

/** The Job that creates the topics, their custom resources and the scalers name one number, and no stage has more replicas. */
export const replicasFitPartitions: Rule = (objects) => {
  const partitions = createdPartitions(objects);
  const topics = TOPICS.filter(({ name }) => isKeyedByUser(name)).flatMap(({ name }) => {
    const resource = ofKind(objects, 'KafkaTopic').find(
      (one) => objectName(one) === qualifiedTopic(TOPIC_NAMESPACE, name),
    );
    const count = at(resource, 'spec', 'partitions') ?? partitions;
    return count === partitions
      ? []
      : [`KafkaTopic ${name} has ${String(count)} partitions, but the Job topics creates ${partitions}`];
  });
  const sharing = WORKLOADS.filter(({ groups }) => Object.keys(groups).length > 0);
  return [...topics, ...sharing.flatMap(({ name }) => replicaFaults(objects, name, partitions))];
};

function replicaFaults(objects: readonly DataMap[], name: string, partitions: number): string[] {
  const replicas = podSources(objects).find((source) => source.name === name)?.replicas ?? 0;
  const most = {
    maxReplicaCount: at(scaler(objects, 'ScaledObject', name), 'spec', 'maxReplicaCount'),
    maxReplicas: at(scaler(objects, 'HorizontalPodAutoscaler', name), 'spec', 'maxReplicas'),
  };
  const wrong = Object.entries(most).filter(([, count]) => count !== undefined && count !== partitions);
  return [...(replicas > partitions ? [['replicas', replicas] as const] : []), ...wrong].map(
    ([field, count]) => `${name}: ${field} is ${String(count)}, but its topics have ${partitions} partitions`,
  );
}

/** The number of partitions with which the Job `topics` creates topics that are keyed by user. */
function createdPartitions(objects: readonly DataMap[]): number {
  const job = podSources(objects).find(({ kind, name }) => kind === 'Job' && name === TOPICS_JOB);
  const args = (job?.containers[0]?.args ?? []) as string[];
  return Number(args[args.indexOf(USER_PARTITIONS_OPTION) + 1]);
}

function scaler(objects: readonly DataMap[], kind: string, name: string): DataMap | undefined {
  return ofKind(objects, kind).find((one) => objectName(one) === name);
}

/** A scaled workload does not name its replicas, which every roll-out would reset. */
export const scalersDecide: Rule = (objects) =>
  objects
    .filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler')
    .flatMap((one) => {
      const name = String(at(one, 'spec', 'scaleTargetRef', 'name'));
      const target = objects.find((object) => object.kind === 'Deployment' && objectName(object) === name);
      if (target === undefined)
        return [`${String(one.kind)} ${objectName(one)} scales ${name}, which does not exist`];
      if (at(target, 'spec', 'replicas') !== undefined)
        return [`Deployment ${name} has replicas beside a scaler`];
      return Number(at(one, 'spec', 'minReplicaCount') ?? at(one, 'spec', 'minReplicas')) >= 1
        ? []
        : [`${name} may be scaled to zero`];
    });

/** KEDA asks from a namespace of its own, where the short name of a Service means nothing. */
export const scalersFindServers: Rule = (objects) => [
  ...ofKind(objects, 'ScaledObject').flatMap((one) =>
    (at(one, 'spec', 'triggers') as DataMap[]).flatMap((trigger) => {
      const { bootstrapServers, serverAddress } = trigger.metadata as Record<string, string | undefined>;
      const addresses = [
        ...(bootstrapServers?.split(',') ?? []),
        ...(serverAddress === undefined ? [] : [serverAddress]),
      ];
      return addresses
        .filter((address) => !hasNamespace(address))
        .map((address) => `ScaledObject ${objectName(one)} asks ${address}, which names no namespace`);
    }),
  ),
  ...ofKind(objects, 'ConfigMap').flatMap((one) => {
    const start = String(at(one, 'data', 'start.sh') ?? '');
    const advertised = /^advertised\.listeners=PLAINTEXT:\/\/([^,]+)/m.exec(start)?.[1];
    return advertised === undefined || hasNamespace(advertised)
      ? []
      : [`${objectName(one)} advertises ${advertised}, which names no namespace`];
  }),
];

/** Such as `kafka.tributary.svc:9092`, `http://prometheus.monitoring:9090` or `kafka-0.kafka-pods.$NAMESPACE.svc:9092`. */
function hasNamespace(address: string): boolean {
  const host = address.replace(/^https?:\/\//, '').replace(/:\d+.*$/, '');
  return /\.svc(\.|$)/.test(host) || (/^https?:/.test(address) && host.includes('.'));
}
