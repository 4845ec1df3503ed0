import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { startPythonPeer } from '../../bench/peer.ts';
import { type Recommendations, scoreRecommendations } from '../pinsage/scores.ts';
import type { TemporalSplit } from '../pinsage/split.ts';

/** Settings of implicit's alternating least squares among which the training part decides. */
const FACTORS = [32, 64, 128];
const REGULARISATIONS = [3, 10, 30];
/** Share of the training part, the newest actions, by which the settings are chosen. */
const TUNED_ON = 0.2;
/** Enough for the figures at 20, as the peer leaves out all that a user took. */
const LENGTH = 20;

export type AlsSetting = {
  readonly factors: number;
  readonly regularization: number;
};

/** Part of a split that a peer learns from and is scored on. */
type PeerSplit = Pick<TemporalSplit, 'itemIds' | 'train' | 'seen' | 'relevant'>;

/** implicit's alternating least squares, tuned inside the training part: its lists for the test users, and the chosen setting. */
export async function recommendByAls(
  split: PeerSplit,
  seed: number,
): Promise<{ readonly recommended: Recommendations; readonly setting: AlsSetting }> {
  const peer = await startPythonPeer('peer:implicit', 'implicit_als.py');
  const ask = async (part: PeerSplit, setting: AlsSetting): Promise<Recommendations> => {
    const users = [...part.relevant.keys()];
    const { user, item } = part.train;
    const userCount = user.reduce((most, one) => Math.max(most, one + 1), 0);
    const { lists } = await peer.ask<{ lists: number[][] }>({
      ...{ userCount, itemCount: part.itemIds.length, k: LENGTH, seed, setting, users },
      user: Array.from(user),
      item: Array.from(item),
    });
    return new Map(users.map((one, place) => [one, lists[place]!]));
  };
  try {
    const inside = innerSplit(split, TUNED_ON);
    let best: { setting: AlsSetting; ndcg10: number } | undefined;
    for (const factors of FACTORS) {
      for (const regularization of REGULARISATIONS) {
        const setting = { factors, regularization };
        const recommended = await ask(inside, setting);
        const { ndcg10 } = scoreRecommendations(inside as TemporalSplit, recommended);
        if (best === undefined || ndcg10 > best.ndcg10) best = { setting, ndcg10 };
      }
    }
    return { recommended: await ask(split, best!.setting), setting: best!.setting };
  } finally {
    await peer.stop();
  }
}

/** The training part of a split, itself split at a time: settings are chosen by the new items of its last actions. */
export function innerSplit({ itemIds, train }: PeerSplit, share: number): PeerSplit {
  const boundary = Math.floor(train.at.length * (1 - share));
  const cut = (from: number, to: number): ActionColumns => ({
    user: train.user.subarray(from, to),
    context: train.context.subarray(from, to),
    item: train.item.subarray(from, to),
    weight: train.weight.subarray(from, to),
    at: train.at.subarray(from, to),
  });
  const [before, after] = [cut(0, boundary), cut(boundary, train.at.length)];
  const seen = new Map<number, Set<number>>();
  before.user.forEach((user, position) => {
    seen.set(user, (seen.get(user) ?? new Set()).add(before.item[position]!));
  });
  const known = new Set(before.item);
  const relevant = new Map<number, Set<number>>();
  after.user.forEach((user, position) => {
    const item = after.item[position]!;
    const own = seen.get(user);
    if (own === undefined || own.has(item) || !known.has(item)) return;
    relevant.set(user, (relevant.get(user) ?? new Set()).add(item));
  });
  return { itemIds, train: before, seen, relevant };
}
