import type { Vector } from '../vectors.ts';
import { type AttentionWeights, attentionState } from './attention.ts';
import { type GruWeights, gruState } from './gru.ts';

/** The networks that read a sequence. */
export const SEQUENCE_NETWORKS = ['gru', 'attention'] as const;

export type SequenceNetworkKind = (typeof SEQUENCE_NETWORKS)[number];

/** A network that turns the vectors of items, the oldest first, into a state of as many numbers. */
export type SequenceNetwork =
  | { readonly kind: 'gru'; readonly weights: GruWeights }
  | { readonly kind: 'attention'; readonly weights: AttentionWeights };

/** The state after some inputs; zeros after none. @throws RangeError for inputs that do not fit the network */
export function sequenceState(network: SequenceNetwork, inputs: Iterable<Vector>): Float64Array {
  return network.kind === 'gru' ? gruState(network.weights, inputs) : attentionState(network.weights, inputs);
}
