import type { ExperimentBook } from '#contracts/domain/experiments.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Experiment } from '#contracts/generated/records.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { declareAlone } from '../declare.ts';
import type { ExperimentDecision } from './decide.ts';
import { type ExperimentLog, readExperiments } from './experiment-log.ts';

/**
 * Reads the log, decides, and writes the new state of an experiment; no other decision comes between.
 * @throws TributaryError `experiment.refused` (409) with the reason, before anything is written; `experiment.changed` (409) if a different process
 *   decided at the same moment, and nothing is written; `kafka.unacknowledged`
 */
export function changeExperiment(
  log: ExperimentLog,
  decide: (book: ExperimentBook) => ExperimentDecision,
): Promise<Experiment> {
  const { kafka, codec, namespace } = log;
  const topic = qualifiedTopic(namespace, 'experiments');
  return declareAlone({ kafka, topic, overtaken: 'experiment.changed' }, async () => {
    const decision = decide(await readExperiments(log));
    if ('refusal' in decision) throw experimentRefused(decision.refusal);
    const { write } = decision;
    await codec.prepare(['Experiment']);
    return { messages: [{ key: write.name, value: codec.encode('Experiment', write) }], result: write };
  });
}

export function experimentRefused(reason: string): TributaryError {
  return new TributaryError('experiment.refused', reason, { status: 409 });
}
