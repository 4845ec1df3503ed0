import type { Outcome, Report } from './report.ts';

export const silentReport: Report = { count: () => {}, waiting: () => {}, warn: () => {} };

/** A report that a test can read. */
export class RecordingReport implements Report {
  readonly counts: Record<string, number> = {};
  readonly warnings: string[] = [];
  waitingUsers = 0;

  count(model: string, outcome: Outcome, lists: number): void {
    if (lists > 0) this.counts[`${model} ${outcome}`] = (this.counts[`${model} ${outcome}`] ?? 0) + lists;
  }

  waiting(_model: string, users: number): void {
    this.waitingUsers = users;
  }

  warn(model: string, message: string, error?: unknown): void {
    this.warnings.push(`${model}: ${message}${error instanceof Error ? `: ${error.message}` : ''}`);
  }
}
