import type { Figures } from '../../figures/figures.ts';

/** Prints a row on standard error as soon as it is measured, as JSON in one line, so that a later failure loses nothing. */
export function keepRow(part: string, row: Figures): void {
  console.error(`  ${JSON.stringify({ [part]: row })}`);
}
