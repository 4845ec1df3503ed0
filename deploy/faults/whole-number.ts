import { SetupError } from '../local/parts/setup-error.mjs';

/** @throws SetupError that names the option, for a text that is no whole number from 1 to 9,999,999 */
export function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new SetupError(
    `--${option} must be a whole number from 1 to 9999999, not "${text}"`,
    'Correct the option.',
  );
}
