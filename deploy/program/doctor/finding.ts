/** What the doctor finds. */
import { styleText } from 'node:util';

export interface Finding {
  /** What was examined, such as `redis` or `stage rerank`. */
  readonly subject: string;
  /** `fault`: it does not work; `warning`: a person should look; `skipped`: it could not be examined. */
  readonly state: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly finding: string;
  /** What to do; present for warnings and faults. */
  readonly remedy?: string;
}

export function ok(subject: string, finding: string): Finding {
  return { subject, state: 'ok', finding };
}

export function warning(subject: string, finding: string, remedy: string): Finding {
  return { subject, state: 'warning', finding, remedy };
}

export function fault(subject: string, finding: string, remedy: string): Finding {
  return { subject, state: 'fault', finding, remedy };
}

export function skipped(subject: string, finding: string): Finding {
  return { subject, state: 'skipped', finding };
}

const MARKS = {
  ok: ['green', '✓'],
  warning: ['yellow', '!'],
  fault: ['red', '✗'],
  skipped: ['dim', '–'],
} as const;

export function renderFinding({ subject, state, finding, remedy }: Finding): string {
  const [colour, mark] = MARKS[state];
  const line = `${styleText(colour, mark)} ${subject}: ${finding}`;
  return remedy === undefined ? line : `${line}\n    ${styleText('bold', '→')} ${remedy}`;
}

/** One sentence at the end. */
export function renderVerdict(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  if (faults + warnings === 0) return 'Everything that was examined is well.';
  return `${faults} fault${faults === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`;
}
