import { createHash } from 'node:crypto';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import type { Settings } from '#platform/config.ts';
import type { Policy } from './policy.ts';
import { POLICIES } from './registry.ts';

/** The settings of all policies, each as `<policy>.<setting>`, to be read together with those of the stage. */
export const POLICY_SETTINGS: Settings = Object.fromEntries(
  POLICIES.flatMap(({ name, settings }) =>
    Object.entries(settings).map(([key, setting]) => [`${name}.${key}`, setting] as const),
  ),
);

/** A policy with its settings. */
export interface SelectedPolicy {
  /** Name and settings, as slates carry them: `thompson(draws=64)`, `greedy`. */
  readonly label: string;
  readonly create: (posterior: Posterior) => Policy;
  /** Digest of the name, all settings and what else decides the choice. */
  idWith(others: Readonly<Record<string, unknown>>): string;
}

/**
 * Returns the policy of that name. Throws RangeError for a name that no policy has.
 * @param values of POLICY_SETTINGS, by the same keys
 */
export function selectPolicy(name: string, values: Readonly<Record<string, unknown>>): SelectedPolicy {
  const policy = POLICIES.find((candidate) => candidate.name === name);
  if (policy === undefined) throw new RangeError(`No policy is named ${name}`);
  const entries = Object.keys(policy.settings).map((key) => [key, values[`${name}.${key}`]] as const);
  const own = Object.fromEntries(entries);
  return {
    label: entries.length === 0 ? name : `${name}(${entries.map((entry) => entry.join('=')).join(',')})`,
    create: (posterior) => policy.create(posterior, own),
    idWith: (others) => digest({ name, ...own, ...others }),
  };
}

/** Sixteen digits, the same for the same names and values in any order. */
function digest(values: Readonly<Record<string, unknown>>): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}
