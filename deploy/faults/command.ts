import type { Figures } from '../figures/figures.ts';

export interface FaultOutcome {
  readonly figures: Figures;
  /** Whether nothing was lost, repeated or stopped. */
  readonly isPassed: boolean;
}

/** A kind of faults. */
export interface FaultCommand {
  /** What is done to the stages, in one line. */
  readonly title: string;
  /** Imported only when it is asked for. The arguments are those behind the name, without `--json`. */
  readonly load: () => Promise<{ run(args: readonly string[]): Promise<FaultOutcome> }>;
}
