import type { GruWeights } from '#algorithms/sequence/gru.ts';
import { type Tables, tableOf, tablesFormat } from './tables.ts';

/** Name of the artefact that holds the model of sequences: retrain writes it, propose reads it. */
export const SEQUENCE = 'sequence';

/** A gated recurrent unit over the items of a user; the score of an item is ⟨its vector, the state⟩ + its offset. */
export interface SequenceModel {
  readonly gru: GruWeights;
  /** itemCount × dim: the vector of an item, as input and as candidate. */
  readonly vectors: Float32Array;
  /** itemCount. */
  readonly offsets: Float32Array;
}

export interface NamedSequence extends SequenceModel {
  /** Item id by number. */
  readonly itemIds: readonly string[];
  /** Latest items that the model reads. */
  readonly lookBack: number;
}

export const SEQUENCE_FORMAT = tablesFormat<NamedSequence>(SEQUENCE, ({ itemIds, tables }) => {
  const { columns: dim, values: vectors } = tableOf(tables, 'vectors', itemIds.length);
  const numbers = (name: string, rows: number, columns: number) =>
    tableOf(tables, name, rows, columns).values;
  const gru = {
    inputs: dim,
    hidden: dim,
    input: numbers('input', dim, 3 * dim),
    recurrent: numbers('recurrent', dim, 3 * dim),
    bias: numbers('bias', 1, 3 * dim),
    resetBias: numbers('resetBias', 1, dim),
  };
  const [lookBack = 0] = numbers('lookBack', 1, 1);
  if (!Number.isInteger(lookBack) || lookBack < 1)
    throw new RangeError(`the model of sequences looks ${lookBack} items back`);
  return { itemIds, gru, vectors, offsets: numbers('offsets', itemIds.length, 1), lookBack };
});

/** The tables that `SEQUENCE_FORMAT` reads. */
export function sequenceTables({ gru, vectors, offsets }: SequenceModel, lookBack: number): Tables {
  const { hidden: dim } = gru;
  return {
    vectors: { columns: dim, values: vectors },
    offsets: { columns: 1, values: offsets },
    input: { columns: 3 * dim, values: gru.input },
    recurrent: { columns: 3 * dim, values: gru.recurrent },
    bias: { columns: 3 * dim, values: gru.bias },
    resetBias: { columns: dim, values: gru.resetBias },
    lookBack: { columns: 1, values: Float32Array.of(lookBack) },
  };
}
