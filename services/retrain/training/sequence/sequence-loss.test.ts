import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { createRandom } from '#algorithms/random.ts';
import { SEQUENCE_NETWORKS, sequenceState } from '#algorithms/sequence/network.ts';
import { dot, row } from '#algorithms/vectors.ts';
import {
  createSequenceVariables,
  itemVectors,
  sequenceStates,
  sequenceVariableList,
} from './sequence-graph.ts';
import { sequenceLoss } from './sequence-loss.ts';
import { readSequence } from './train-sequence.ts';

const ITEMS = 9;
const DIM = 6;
const WIDTH = 3;

for (const network of SEQUENCE_NETWORKS)
  describe(`the graph of the model of sequences, ${network}`, () => {
    const random = createRandom('sequence graph');
    const shape = { itemCount: ITEMS, features: WIDTH, dim: DIM, network, lookBack: 4, heads: 2 };
    const variables = createSequenceVariables(shape, new Int32Array(ITEMS).fill(2), random);
    const features = tf.tensor2d(
      Float32Array.from({ length: ITEMS * WIDTH }, () => random.normal()),
      [ITEMS, WIDTH],
    );
    for (const variable of sequenceVariableList(variables))
      variable.assign(
        tf.tensor(
          Float32Array.from({ length: variable.size }, () => random.normal()),
          variable.shape,
        ),
      );

    it(`the states in typed arrays are those of the training graph, within 1e-5: ${network}`, () => {
      const read = [3, 1, 4, 1, 5, 8, 2, 6];
      const model = readSequence(variables, features);
      const inputs = itemVectors(variables, features, tf.tensor1d(read, 'int32'));
      // Two sequences of four items.
      const states = sequenceStates(variables, inputs, 4);
      for (const sequence of [0, 1]) {
        for (let step = 1; step <= 4; step++) {
          const own = sequenceState(
            model.network,
            read.slice(4 * sequence, 4 * sequence + step).map((item) => row(model.vectors, item, DIM)),
          );
          const graph = (states[step - 1]!.arraySync() as number[][])[sequence]!;
          own.forEach((value, i) => {
            assert.ok(Math.abs(value - graph[i]!) < 1e-5, `${value} and ${graph[i]}`);
          });
        }
      }
    });

    it(`the loss is the cross-entropy of each new target among the sampled items and itself, written out: ${network}`, () => {
      const { network: own, vectors, offsets } = readSequence(variables, features);
      const batch = {
        // The second window ends after three items; item 1 was taken before.
        items: Int32Array.of(3, 1, 4, 1, 5, 8, 2, 6, -1, -1),
        isNew: Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1, 0, 0),
        length: 5,
      };
      const sampled = {
        items: Int32Array.of(0, 4, 7),
        logExpected: Float32Array.from({ length: ITEMS }, (_, i) => -i / 4),
      };
      let sum = 0;
      let weights = 0;
      for (const start of [0, 5]) {
        for (let step = 1; step <= 3; step++) {
          const state = sequenceState(
            own,
            Array.from(batch.items.subarray(start, start + step), (item) =>
              row(vectors, Math.max(0, item), DIM),
            ),
          );
          const logit = (item: number) =>
            dot(state, row(vectors, item, DIM)) + offsets[item]! - sampled.logExpected[item]!;
          for (const next of [1, 2]) {
            const at = start + step - 1 + next;
            if (batch.items[at]! < 0 || batch.isNew[at] === 0) continue;
            const target = batch.items[at]!;
            const among = new Set([...sampled.items, target]);
            const total = [...among].reduce((all, item) => all + Math.exp(logit(item)), 0);
            sum += (Math.log(total) - logit(target)) / next;
            weights += 1 / next;
          }
        }
      }
      const options = { lookBack: 3, horizonDecay: 1, dropout: 0, seed: 1 };
      const loss = tf.tidy(() => sequenceLoss(variables, features, batch, sampled, options).dataSync()[0]!);
      assert.ok(weights > 0);
      assert.ok(Math.abs(loss - sum / weights) < 1e-4, `${loss} and ${sum / weights}`);
    });
  });
