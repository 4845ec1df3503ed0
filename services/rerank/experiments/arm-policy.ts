import { reasonOf } from '#contracts/errors.ts';
import { readConfig } from '#platform/config.ts';
import { POLICIES } from '../policies/registry.ts';
import { type SelectedPolicy, selectPolicy } from '../policies/select.ts';

/** Texts of arms are written as slates name policies: `greedy`, `thompson(draws=16)`. */
const ARM_POLICY = /^([a-z][a-z0-9-]*)(?:\((.*)\))?$/;

/**
 * Returns the policy that an arm names, with the settings in parentheses, and those of the stage for all others.
 * @param values of POLICY_SETTINGS, by the same keys, as the stage has them
 * @returns a reason in words for an unknown policy or setting, and for a value that the setting does not accept
 */
export function selectArmPolicy(
  text: string,
  values: Readonly<Record<string, unknown>>,
): SelectedPolicy | { readonly reason: string } {
  const [, name, inside = ''] = ARM_POLICY.exec(text) ?? [];
  const policy = POLICIES.find((candidate) => candidate.name === name);
  if (policy === undefined) {
    const known = POLICIES.map((candidate) => candidate.name).join(', ');
    return { reason: `there is no policy ${text}; the policies are ${known}` };
  }
  const environment: Record<string, string> = {};
  const given: Record<string, true> = {};
  for (const pair of inside === '' ? [] : inside.split(',')) {
    const [key = '', value = ''] = pair.split('=').map((part) => part.trim());
    const setting = Object.hasOwn(policy.settings, key) ? policy.settings[key] : undefined;
    if (setting === undefined || value === '') return { reason: `${policy.name} has no setting ${pair}` };
    environment[setting.variable] = value;
    given[key] = true;
  }
  try {
    const read = Object.entries(readConfig(policy.settings, environment)).filter(([key]) => given[key]);
    return selectPolicy(policy.name, {
      ...values,
      ...Object.fromEntries(read.map(([key, value]) => [`${policy.name}.${key}`, value])),
    });
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}
