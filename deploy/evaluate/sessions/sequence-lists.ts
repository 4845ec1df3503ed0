import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { SequenceNetworkKind } from '#algorithms/sequence/network.ts';
import { SEQUENCE_FORMAT, sequenceTables } from '#artefacts/sequence.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import { type EmbeddedItems, rankItems } from '../../../services/propose/embeddings/embedded-items.ts';
import { SequenceRanking } from '../../../services/propose/proposers/sequence.ts';
import {
  DEFAULT_SEQUENCE_CONFIG,
  type SequenceConfig,
  trainSequence,
} from '../../../services/retrain/training/sequence/train-sequence.ts';
import type { Click } from './click-log.ts';

/** No deadline in reach, so that the seed alone decides where training ends. */
const CONFIG: SequenceConfig = { ...DEFAULT_SEQUENCE_CONFIG, secondsBudget: 3_600 };

/** The items that a model expects next. @param prefix the session so far, the oldest first */
export type NextItems = (prefix: readonly string[]) => string[];

/**
 * The model of sequences, trained on clicks by the code of the stage retrain, released and read again, and ranked by the code of the stage
 * propose. A session is a user. Nothing but the clicks is known of the items, and no click later than these.
 */
export async function trainSequenceLists(
  clicks: readonly Click[],
  candidates: number,
  {
    seed = 1,
    config = CONFIG,
    network = config.network,
  }: { seed?: number; config?: SequenceConfig; network?: SequenceNetworkKind } = {},
): Promise<NextItems> {
  const { actions, itemIds } = columnsOfClicks(clicks);
  const { model, heldOut } = await trainSequence(
    { itemCount: itemIds.length, features: undefined, actions, seed },
    { ...config, network },
  );
  console.error(
    `  sequence (${network}): held-out hit rate at 20 ${heldOut.hitRate20.toFixed(4)} of ${heldOut.steps} steps`,
  );
  const artefact = tablesArtefact({
    model: SEQUENCE_FORMAT.model,
    generation: 'evaluated',
    itemIds,
    tables: sequenceTables(model, config.lookBack),
    card: '{}',
    trainedUpTo: null,
  });
  const ranking = new SequenceRanking(SEQUENCE_FORMAT.decode(artefact));
  const items = allOf(itemIds);
  return (prefix) => {
    const recent = [...new Set(prefix.toReversed())];
    return ranking.rank(recent, items, candidates).map(({ itemId }) => itemId);
  };
}

function columnsOfClicks(clicks: readonly Click[]): { actions: ActionColumns; itemIds: string[] } {
  const users = new Map<string, number>();
  const items = new Map<string, number>();
  const numberOf = (numbers: Map<string, number>, id: string) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  };
  const user = Int32Array.from(clicks, ({ session }) => numberOf(users, session));
  const item = Int32Array.from(clicks, (click) => numberOf(items, click.item));
  const at = Float64Array.from(clicks, (click) => click.at);
  return {
    actions: { user, context: user, item, weight: new Float32Array(clicks.length).fill(1), at },
    itemIds: [...items.keys()],
  };
}

/** All items may be proposed. The model has vectors of its own, so that one number stands for each of these. */
function allOf(itemIds: readonly string[]): EmbeddedItems {
  const table = new VectorTable(1);
  for (const itemId of itemIds) table.set(itemId, Float32Array.of(1));
  return rankItems({ table, has: () => true }, () => 0);
}
