import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import { transform } from '#algorithms/pinsage/embed.testing.ts';
import { convolve, head } from '#algorithms/pinsage/embed.ts';
import { POOLINGS, type Pooling } from '#algorithms/pinsage/pooling.ts';
import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { initialWeights, type PinSageWeights, weightArrays } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace, row } from '#algorithms/vectors.ts';
import { embedSubgraph } from './convolve.ts';
import { inferAll } from './infer.ts';
import { createSubgraphBuilder } from './subgraph.ts';
import { createVariables, readWeights, variableList } from './variables.ts';

const shape = { features: 6, hidden: 10, layers: 2, dim: 4, direct: 3 };
const itemCount = 25;
const size = 4;

/** Random importances; every fifth item has no neighbours, others may have fewer than T. */
function randomNeighbourhoods(): Neighbourhoods {
  const random = createRandom('neighbourhoods');
  const neighbours = new Int32Array(itemCount * size).fill(-1);
  const weights = new Float32Array(itemCount * size);
  for (let item = 0; item < itemCount; item++) {
    const filled = item % 5 === 0 ? 0 : 1 + random.integer(size);
    for (let rank = 0; rank < filled; rank++) {
      neighbours[item * size + rank] = (item + 1 + rank * 3 + random.integer(3)) % itemCount;
      weights[item * size + rank] = (2 * (filled - rank)) / (filled * (filled + 1));
    }
  }
  return { size, neighbours, weights };
}

/** Zero biases would put the latents of inactive items exactly on the kink of the ReLU, where no gradient exists. */
function withRandomBiases(initial: PinSageWeights): PinSageWeights {
  const random = createRandom('biases');
  for (const { pool, combine } of initial.convolutions) {
    for (const bias of [pool.bias, combine.bias])
      bias.forEach((_, i) => {
        bias[i] = random.normal() / 4;
      });
  }
  return initial;
}

function randomFeatures(): Float32Array {
  const random = createRandom('features');
  return Float32Array.from({ length: itemCount * shape.features }, () => random.normal());
}

/** Oracle: embeddings of all items by the plain-array convolution, one item and layer at a time. */
function plainEmbeddings(
  weights: PinSageWeights,
  features: Float32Array,
  hoods: Neighbourhoods,
): Float32Array {
  let states = Array.from({ length: itemCount }, (_, item) => row(features, item, shape.features));
  for (const convolution of weights.convolutions) {
    const latents = states.map((state) => transform(convolution, state));
    states = states.map((state, item) => {
      const known = [...hoods.neighbours.subarray(item * size, (item + 1) * size)].filter(
        (known) => known >= 0,
      );
      const rows = Float32Array.from(known.flatMap((neighbour) => [...latents[neighbour]!]));
      const importance = row(hoods.weights, item, size).slice(0, known.length);
      return convolve(convolution, state, rows, importance, weights.shape.pooling);
    });
  }
  return Float32Array.from(
    states.flatMap((state, item) => [...head(weights, state, row(features, item, shape.features))]),
  );
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `${i}: ${actual[i]} is not ${expected[i]}`);
  }
}

const features = randomFeatures();
const hoods = randomNeighbourhoods();

/** Runs with TensorFlow's copies of the weights and the features, and asserts that no tensor is left. */
function withModel<T>(
  model: PinSageWeights,
  run: (variables: ReturnType<typeof createVariables>, features: tf.Tensor2D) => T,
): T {
  const before = tf.memory().numTensors;
  const variables = createVariables(model);
  const matrix = tf.tensor2d(features, [itemCount, shape.features]);
  const result = run(variables, matrix);
  tf.dispose([...variableList(variables), matrix]);
  assert.equal(tf.memory().numTensors, before);
  return result;
}

for (const pooling of POOLINGS) describeConvolution(pooling);

function describeConvolution(pooling: Pooling): void {
  describe(`the TensorFlow convolution with ${pooling} pooling`, () => {
    const weights = withRandomBiases(
      initialWeights({ ...shape, pooling }, createRandom(`weights for ${pooling}`)),
    );
    const expected = plainEmbeddings(weights, features, hoods);

    it('the TensorFlow convolution embeds a catalogue like plain arrays, layer by layer', () => {
      const { embeddings, latents } = withModel(weights, (variables, matrix) =>
        inferAll(variables, matrix, hoods),
      );
      assertClose(embeddings, expected, 1e-5);
      assert.deepEqual(
        latents.map((latent) => latent.length),
        [itemCount * shape.hidden, itemCount * shape.hidden],
      );
    });

    it('the TensorFlow convolution embeds the subgraph of a few items to the same vectors', () => {
      const targets = Int32Array.of(7, 0, 24, 12);
      const subgraph = createSubgraphBuilder(hoods).build(targets, shape.layers);
      assert.equal(new Set(subgraph.inputs).size, subgraph.inputs.length);
      const values = withModel(weights, (variables, matrix) => {
        const embedded = tf.tidy(() => embedSubgraph(variables, matrix, subgraph));
        const copy = Float32Array.from(embedded.dataSync());
        embedded.dispose();
        return copy;
      });
      for (const [i, item] of targets.entries()) assertClose(row(values, i, 4), row(expected, item, 4), 1e-5);
    });

    it('the weights are read back unchanged', () => {
      assert.deepEqual(
        withModel(weights, (variables) => readWeights(variables, weights)),
        weights,
      );
    });

    it('the gradient equals finite differences, for every array of weights', () => {
      const coefficients = Float32Array.from(expected, (_, i) => Math.sin(i));
      const objective = (model: PinSageWeights) =>
        plainEmbeddings(model, features, hoods).reduce((sum, value, i) => sum + value * coefficients[i]!, 0);
      const everything = createSubgraphBuilder(hoods).build(
        Int32Array.from({ length: itemCount }, (_, i) => i),
        2,
      );
      const gradients = withModel(weights, (variables, matrix) => {
        const list = variableList(variables);
        const { value, grads } = tf.variableGrads(
          () =>
            tf.sum(
              tf.mul(embedSubgraph(variables, matrix, everything), tf.tensor2d(coefficients, [itemCount, 4])),
            ),
          list,
        );
        const values = list.map((variable) => Float32Array.from(grads[variable.name]!.dataSync()));
        tf.dispose([value, grads]);
        return values;
      });
      for (const [a, gradient] of gradients.entries()) {
        const direction = gradient.map((_, i) => Math.cos(i + a));
        normaliseInPlace(direction);
        const shifted = (step: number) => {
          const copy = structuredClone(weights);
          const array = weightArrays(copy)[a]!;
          for (let i = 0; i < array.length; i++) array[i]! += step * direction[i]!;
          return objective(copy);
        };
        const numeric = (shifted(5e-4) - shifted(-5e-4)) / 1e-3;
        const analytic = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        assert.ok(
          Math.abs(numeric - analytic) <= 0.01 * Math.max(0.5, Math.abs(analytic)),
          `array ${a}: ${analytic} by backpropagation, ${numeric} by differences`,
        );
      }
    });
  });
}
