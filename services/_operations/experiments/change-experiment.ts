import type { ExperimentBook } from '#contracts/domain/experiments.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Experiment } from '#contracts/generated/records.ts';
import type { ExperimentDecision } from './decide.ts';
import { declareState, type ExperimentLog, readExperiments } from './experiment-log.ts';

/**
 * Reads the log, decides, and writes the new state of an experiment.
 * @throws TributaryError `experiment.refused` (409) with the reason, before anything is written
 */
export async function changeExperiment(
  log: ExperimentLog,
  decide: (book: ExperimentBook) => ExperimentDecision,
): Promise<Experiment> {
  const decision = decide(await readExperiments(log));
  if ('refusal' in decision) throw experimentRefused(decision.refusal);
  await declareState(log, decision.write);
  return decision.write;
}

export function experimentRefused(reason: string): TributaryError {
  return new TributaryError('experiment.refused', reason, { status: 409 });
}
