/** The thread of `startBatchFeeder`: answers each message with the next step, and ends after the last. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Examples } from './prepare.ts';
import { type TrainingStep, trainingSteps } from './steps.ts';
import type { TrainConfig } from './train-config.ts';

const { examples, config } = workerData as { examples: Examples; config: TrainConfig };
const steps = trainingSteps(examples, config)[Symbol.iterator]();

parentPort?.on('message', () => {
  const { value, done } = steps.next();
  if (done === true) parentPort?.close();
  else parentPort?.postMessage(value, buffersOf(value));
});

/** Transferred rather than copied. */
function buffersOf({ batch, subgraph }: TrainingStep): ArrayBuffer[] {
  const { targets, query, positive, negatives, hard } = batch;
  const arrays = [targets, query, positive, negatives, hard, subgraph.inputs];
  for (const layer of subgraph.layers) arrays.push(layer.neighbours);
  const buffers = [...arrays, ...subgraph.layers.map(({ weights }) => weights)].map(({ buffer }) => buffer);
  return [...new Set(buffers)] as ArrayBuffer[];
}
