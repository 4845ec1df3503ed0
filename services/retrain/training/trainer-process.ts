/**
 * The training child process: receives one TrainerTask as its first message, sends epoch reports and one result or
 * failure, and exits. Only `trainInChild` starts it.
 */
import { inferDistributed } from '../inference/distributed.ts';
import { judgeBehaviour, trainBehaviour } from '../trainers/behaviour.ts';
import { trainCompanions } from '../trainers/companion.ts';
import { COMPANIONS } from '../trainers/registry.ts';
import { Stopwatch } from './stopwatch.ts';
import type { TrainerMessage, TrainerTask } from './trainer-messages.ts';

process.once('message', (task: TrainerTask) => {
  // If the parent dies the training ends too; while a message is awaited the channel keeps this process alive.
  process.once('disconnect', () => process.exit(1));
  void run(task);
});

async function run({ input, inference }: TrainerTask): Promise<void> {
  try {
    // TensorFlow reads this variable while it loads; only its errors are logged.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    const { trainPinSage } = await import('./train.ts');
    const result = await trainPinSage(
      input,
      (report) => reply({ kind: 'epoch', report }),
      inference === undefined ? undefined : (catalogue) => inferDistributed(inference, catalogue),
    );
    const { actions, itemCount, config, companions: names = [] } = input;
    const stopwatch = new Stopwatch(() => performance.now());
    const { regularisation, ...judged } = judgeBehaviour(actions, itemCount, config);
    const behaviour = trainBehaviour(actions, itemCount, config.seed, regularisation);
    stopwatch.lap('behaviour');
    const chosen = COMPANIONS.filter(({ model }) => names.includes(model));
    const companions = await trainCompanions(chosen, {
      ...input,
      // Without a layout nothing is known of the content.
      layout: input.layout ?? { structure: input.structure, labels: 0, words: 0, vector: 0 },
      trained: { ...result, behaviour, regularisation },
      seed: config.seed,
    });
    const seconds = companions.map(({ model, seconds }) => [model, seconds]);
    const steps = { ...result.metrics.steps, ...stopwatch.seconds, ...Object.fromEntries(seconds) };
    reply({
      kind: 'trained',
      result: {
        ...result,
        ...judged,
        ...(judged.behaviourLeftOut === undefined && { behaviour }),
        companions,
        metrics: { ...result.metrics, steps },
      },
    });
  } catch (error) {
    reply({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

function reply(message: TrainerMessage): void {
  process.send?.(message);
}
