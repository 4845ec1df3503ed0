/** What kube-score finds in the manifests, less what is excepted with a reason. Pure. */

export interface Exception {
  /** Id of a check of kube-score. */
  readonly check: string;
  /** The objects that are excepted: `Deployment gateway`. */
  readonly objects: RegExp;
  /** A part of the finding, where the check has several. */
  readonly finding?: RegExp;
  readonly reason: string;
}

/** Every exception, each with its reason. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    check: 'container-image-pull-policy',
    objects: /./,
    reason:
      'Images have fixed versions, and clusters without a registry load them beforehand, so IfNotPresent is right.',
  },
  {
    check: 'container-security-context-user-group-id',
    objects: /./,
    reason: 'The users are those of the images, 1000 and 999; a higher one would not own their files.',
  },
  {
    check: 'deployment-has-host-podantiaffinity',
    objects: /./,
    reason: 'Replicas are spread by topologySpreadConstraints, over hosts and zones.',
  },
  {
    check: 'statefulset-has-host-podantiaffinity',
    objects: /./,
    reason: 'Replicas are spread by topologySpreadConstraints, over hosts and zones.',
  },
  {
    check: 'deployment-replicas',
    objects: /./,
    reason: 'One pod each in the overlay local, and of retrain, of which one trains at a time.',
  },
  {
    check: 'networkpolicy-targets-pod',
    objects: /^NetworkPolicy (kafka|kafka-strimzi|redis|registry|external-servers|inference-workers)$/,
    reason:
      "The policies of servers and workers stay where an installation lacks them, or where their pods are those of Strimzi's operator.",
  },
];

interface Score {
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string };
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

/** Below this grade kube-score warns. */
const GOOD = 7;

export interface Lint {
  /** A sentence for each finding that no exception covers. */
  readonly findings: readonly string[];
  readonly excepted: number;
  readonly used: ReadonlySet<Exception>;
}

/** @param output kube-score's, in the format json */
export function readScores(output: string, exceptions: readonly Exception[] = EXCEPTIONS): Lint {
  const findings: string[] = [];
  const used = new Set<Exception>();
  let excepted = 0;
  for (const { type_meta: type, object_meta: meta, checks } of JSON.parse(output) as Score[]) {
    const object = `${type.kind} ${meta.name}`;
    for (const { check, grade, skipped, comments } of checks) {
      if (skipped || grade >= GOOD) continue;
      for (const { path, summary } of comments ?? []) {
        const finding = `${object}: ${check.id}: ${summary}${path === '' ? '' : ` (${path})`}`;
        const exception = exceptions.find(
          (one) => one.check === check.id && one.objects.test(object) && (one.finding?.test(summary) ?? true),
        );
        if (exception === undefined) findings.push(finding);
        else {
          used.add(exception);
          excepted++;
        }
      }
    }
  }
  return { findings, excepted, used };
}
