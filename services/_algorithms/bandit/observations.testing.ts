import fc from 'fast-check';
import { createStatistics, observe, type Statistics } from './statistics.ts';

export interface Observation {
  readonly x: Float64Array;
  readonly reward: number;
}

export function observationsOf(dimension: number, maxLength = 30): fc.Arbitrary<Observation[]> {
  const number = fc.double({ min: -10, max: 10, noNaN: true });
  const observation = fc
    .tuple(fc.array(number, { minLength: dimension, maxLength: dimension }), number)
    .map(([x, reward]) => ({ x: Float64Array.from(x), reward }));
  return fc.array(observation, { maxLength });
}

/** Names of `dimension` columns: a, b, … */
export function columnsOf(dimension: number): string[] {
  return Array.from({ length: dimension }, (_, index) => String.fromCharCode(97 + index));
}

/** Statistics of the observations in the columns a, b, … */
export function statisticsOf(dimension: number, observations: readonly Observation[]): Statistics {
  const statistics = createStatistics();
  for (const { x, reward } of observations) observe(statistics, columnsOf(dimension), x, reward);
  return statistics;
}

export function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} numbers, expected ${expected.length}`);
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= tolerance * Math.max(1, Math.abs(expected[i]!)))) {
      throw new Error(`At ${i}: ${actual[i]} is not ${expected[i]} within ${tolerance}`);
    }
  }
}
