import { SetupError } from '../local/parts/setup-error.mjs';

/** @throws SetupError that names the option, for a text that is no whole number from `least` to 9,999,999 */
export function optionNumber(option: string, text: string, least = 1): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= least) return Number(text);
  throw new SetupError(
    `--${option} must be a whole number from ${least} to 9999999, not "${text}"`,
    'Correct the option',
  );
}
