import type { SequenceNetwork } from '#algorithms/sequence/network.ts';
import { type Tables, tableOf, tablesFormat } from './tables.ts';

/** Name of the artefact that holds the model of sequences: retrain writes it, propose reads it. */
export const SEQUENCE = 'sequence';

/** A network over the items of a user; the score of an item is ⟨its vector, the state⟩ + its offset. */
export interface SequenceModel {
  readonly network: SequenceNetwork;
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

/** Returns the numbers of a table of this shape. @throws RangeError if there is none */
type ReadTable = (name: string, rows: number, columns: number) => Float32Array;

export const SEQUENCE_FORMAT = tablesFormat<NamedSequence>(SEQUENCE, ({ itemIds, tables }) => {
  const { columns: dim, values: vectors } = tableOf(tables, 'vectors', itemIds.length);
  const numbers: ReadTable = (name, rows, columns) => tableOf(tables, name, rows, columns).values;
  const [lookBack = 0] = numbers('lookBack', 1, 1);
  if (!Number.isInteger(lookBack) || lookBack < 1)
    throw new RangeError(`the model of sequences looks ${lookBack} items back`);
  // Models from before there was self-attention have no name of their network.
  const network = tables.heads === undefined ? gruIn(numbers, dim) : attentionIn(numbers, dim, lookBack);
  return { itemIds, network, vectors, offsets: numbers('offsets', itemIds.length, 1), lookBack };
});

function gruIn(numbers: ReadTable, dim: number): SequenceNetwork {
  const weights = {
    inputs: dim,
    hidden: dim,
    input: numbers('input', dim, 3 * dim),
    recurrent: numbers('recurrent', dim, 3 * dim),
    bias: numbers('bias', 1, 3 * dim),
    resetBias: numbers('resetBias', 1, dim),
  };
  return { kind: 'gru', weights };
}

function attentionIn(numbers: ReadTable, dim: number, lookBack: number): SequenceNetwork {
  const [heads = 0] = numbers('heads', 1, 1);
  if (!Number.isInteger(heads) || heads < 1 || dim % heads !== 0)
    throw new RangeError(`the model of sequences has ${heads} heads for ${dim} numbers`);
  const weights = {
    hidden: dim,
    heads,
    positions: numbers('positions', lookBack, dim),
    projections: numbers('projections', dim, 3 * dim),
    output: numbers('output', dim, dim),
    inner: numbers('inner', dim, dim),
    innerBias: numbers('innerBias', 1, dim),
    outer: numbers('outer', dim, dim),
    outerBias: numbers('outerBias', 1, dim),
    norms: numbers('norms', 6, dim),
  };
  return { kind: 'attention', weights };
}

/** The tables that `SEQUENCE_FORMAT` reads. */
export function sequenceTables({ network, vectors, offsets }: SequenceModel, lookBack: number): Tables {
  const { hidden: dim } = network.weights;
  return {
    vectors: { columns: dim, values: vectors },
    offsets: { columns: 1, values: offsets },
    lookBack: { columns: 1, values: Float32Array.of(lookBack) },
    ...networkTables(network),
  };
}

function networkTables({ kind, weights }: SequenceNetwork): Tables {
  const { hidden: dim } = weights;
  if (kind === 'gru')
    return {
      input: { columns: 3 * dim, values: weights.input },
      recurrent: { columns: 3 * dim, values: weights.recurrent },
      bias: { columns: 3 * dim, values: weights.bias },
      resetBias: { columns: dim, values: weights.resetBias },
    };
  return {
    heads: { columns: 1, values: Float32Array.of(weights.heads) },
    positions: { columns: dim, values: weights.positions },
    projections: { columns: 3 * dim, values: weights.projections },
    output: { columns: dim, values: weights.output },
    inner: { columns: dim, values: weights.inner },
    innerBias: { columns: dim, values: weights.innerBias },
    outer: { columns: dim, values: weights.outer },
    outerBias: { columns: dim, values: weights.outerBias },
    norms: { columns: dim, values: weights.norms },
  };
}
