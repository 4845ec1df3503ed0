import { HYBRID } from '#artefacts/hybrid.ts';
import { SEQUENCE, sequenceTables } from '#artefacts/sequence.ts';
import type { Companion, CompanionInput } from './companion.ts';

/**
 * A network over the items of each user, a gated recurrent unit or self-attention. It starts from the places and the hybrid vectors of the items, or PinSage's where no
 * hybrid ones were trained before. It is left out where it finds the next item less often than popularity does.
 */
export const sequenceCompanion: Companion = {
  model: SEQUENCE,
  async train(input) {
    // TensorFlow is loaded where a training runs only: the stage itself reads this file for the name.
    const { DEFAULT_SEQUENCE_CONFIG, trainSequence } = await import('../training/sequence/train-sequence.ts');
    const { itemCount, actions, seed, sequenceNetwork: network = 'gru' } = input;
    const features = knownOf(input);
    const config = { ...DEFAULT_SEQUENCE_CONFIG, network };
    const { model, heldOut, lossByEpoch } = await trainSequence(
      { itemCount, features, actions, seed },
      config,
    );
    const { hitRate20, popularHitRate20, reciprocalRank20, steps } = heldOut;
    const facts = { network, hitRate20, popularHitRate20, reciprocalRank20, steps, lossByEpoch };
    const tables = sequenceTables(model, config.lookBack);
    if (steps === 0 || hitRate20 >= popularHitRate20) return { tables, facts };
    const figures = `${hitRate20.toFixed(4)} is below that of popularity (${popularHitRate20.toFixed(4)})`;
    return { tables, facts, leftOut: `the hit rate at 20 of ${figures}` };
  },
};

/** The hybrid vector, or PinSage's where there is none, and the place of each item, side by side. */
function knownOf({ itemCount, earlier, trained: { embeddings, places } }: CompanionInput) {
  const blocks = [earlier.get(HYBRID)?.units?.values ?? embeddings, places];
  const width = blocks.reduce((sum, { length }) => sum + length / itemCount, 0);
  if (width === 0) return undefined;
  const values = new Float32Array(itemCount * width);
  let column = 0;
  for (const block of blocks) {
    const own = block.length / itemCount;
    for (let item = 0; item < itemCount; item++)
      values.set(block.subarray(item * own, (item + 1) * own), item * width + column);
    column += own;
  }
  return { width, values };
}
