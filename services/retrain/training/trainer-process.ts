/**
 * The training child process: receives one TrainerTask as its first message, sends epoch reports and one result or
 * failure, and exits. Only `trainInChild` starts it.
 */
import { inferDistributed } from '../inference/distributed.ts';
import { trainBehaviour } from '../trainers/behaviour.ts';
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
    const { actions, itemCount, config } = input;
    const behaviour = trainBehaviour(actions, itemCount, config.seed);
    reply({ kind: 'trained', result: { ...result, behaviour } });
  } catch (error) {
    reply({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

function reply(message: TrainerMessage): void {
  process.send?.(message);
}
