import type { ErrorCode } from './errors.ts';

/** The one description of a fault in a value, which may be the body of a request or a message of the log. */
export interface Fault {
  readonly code: ErrorCode;
  /** Path of the part at fault from the root of the value, such as `slots[2].itemId`; empty for the value itself. */
  readonly field: string;
  /** The rest of the sentence that begins with the field: `must be string`. */
  readonly reason: string;
}

/** The path of a part: `['queries', '0', 'vector']` → `queries[0].vector`. */
export function fieldPath(steps: readonly string[]): string {
  return steps
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

/** The fault as a sentence without its full stop. */
export function faultSentence({ field, reason }: Pick<Fault, 'field' | 'reason'>): string {
  return field === '' ? reason : `${field} ${reason}`;
}
