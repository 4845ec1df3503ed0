/** What every installation has. */
import { PLATFORM_SETTINGS } from '#platform/config.ts';
import { urlVariable } from '#stages/stages.ts';
import type { Manifest } from './manifest.ts';
import { PART_OF, STARTUP_SECONDS } from './parts.ts';
import { stageManifests } from './stage.ts';
import { TOPICS_JOB, topicsManifests } from './topics-job.ts';
import { portOf, TOPIC_NAMESPACE, WORKLOADS } from './workloads.ts';

/** Namespace of Kubernetes. */
export const NAMESPACE = 'tributary';

/** The settings of every process, in the one ConfigMap. */
export const BASE_SETTINGS: Readonly<Record<string, string>> = {
  TRIBUTARY_NAMESPACE: TOPIC_NAMESPACE,
  // All addresses of the pod; on a cluster of IPv6 alone, set it to ::
  TRIBUTARY_STAGE_HOST: '0.0.0.0',
  TRIBUTARY_LOG_LEVEL: PLATFORM_SETTINGS.logLevel.fallbackText,
  // Shorter than what the startup probe allows. Without it, stages that wait for the Job `topics` are started again and again.
  [PLATFORM_SETTINGS.startPatienceMs.variable]: String((STARTUP_SECONDS - 60) * 1_000),
  // Longer than the four seconds for which Node's fetch keeps idle connections, so that none of its requests meets one that the pod closes.
  [PLATFORM_SETTINGS.farewellMs.variable]: '5000',
  ...Object.fromEntries(
    WORKLOADS.filter(({ name }) => WORKLOADS.some(({ peers }) => peers.includes(name))).map(({ name }) => [
      urlVariable(name),
      `http://${name}:${portOf(name)}`,
    ]),
  ),
};

/** By them an upgrade applies the settings together with the Job that reads them. */
export const SETTINGS_LABELS: Manifest = { 'app.kubernetes.io/component': 'settings', ...PART_OF };

/** The pods of the namespace meet the strictest of the Pod Security Standards. */
export const NAMESPACE_MANIFEST: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: NAMESPACE,
    labels: {
      ...PART_OF,
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/audit': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    },
  },
};

/** Manifests by the name of their file, without its extension. */
export const BASE_FILES: Readonly<Record<string, readonly Manifest[]>> = {
  namespace: [NAMESPACE_MANIFEST],
  [TOPICS_JOB]: topicsManifests(),
  ...Object.fromEntries(WORKLOADS.map((row) => [row.name, stageManifests(row)])),
};
