import { runStage } from '#platform/stage.ts';
import { WORKERS } from '#stages/stages.ts';
import { quietTensorFlow, readWorkerConfig } from './config.ts';
import { inferenceLogOf } from './inference-log.ts';

await runStage(WORKERS.inference, async (stage) => {
  const { log, lifecycle } = stage;
  const { idleMs } = readWorkerConfig();
  const idle = setTimeout(() => lifecycle.stop('no inference needs this worker'), idleMs);
  lifecycle.onStop('idle timer', () => clearTimeout(idle));
  // The process ends with the coordinator that started it.
  process.once('disconnect', () => lifecycle.stop('the coordinator is gone'));
  quietTensorFlow();
  const { startWorker } = await import('./worker.ts');

  return async () => {
    const leave = await startWorker({
      log: inferenceLogOf(stage),
      onFailure: (error) => lifecycle.fail(error),
      onMessage: () => idle.refresh(),
      onEnd() {
        log.info({ peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1_024) }, 'inference ended');
        void lifecycle.stop('the inference has ended');
      },
    });
    lifecycle.onStop('worker', leave);
  };
});
