import type { Click } from './click-log.ts';

export const PEER_NAMES = ['popularity', 'sequential rules', 'V-SKNN'] as const;

const REACH = 10;
const SAMPLE = 1_000;
const NEIGHBOURS = 200;

type Counts = Map<string, number>;

interface Known {
  readonly items: string[];
  at: number;
}

/** The usual cheap peers of session models (Ludewig and Jannach 2018), which take clicks in one by one. */
export function createPeers() {
  const popularity: Counts = new Map();
  const rules = new Map<string, Counts>();
  const sessions = new Map<string, Known>();
  const byItem = new Map<string, Set<string>>();
  const sessionsWith = (item: string) => byItem.get(item) ?? new Set<string>();
  let idf = new Map<string, number>();

  function take({ session, item, at }: Click): void {
    const own = sessions.get(session) ?? { items: [], at };
    sessions.set(session, own);
    own.items.slice(-REACH).forEach((earlier, place, all) => {
      if (earlier === item) return;
      const counts = rules.get(earlier) ?? new Map<string, number>();
      rules.set(earlier, add(counts, item, 1 / (all.length - place)));
    });
    if (!own.items.includes(item)) {
      add(popularity, item, 1);
      byItem.set(item, sessionsWith(item).add(session));
    }
    own.items.push(item);
    own.at = at;
  }

  /** The weights of the items are those of the training part. */
  function endTraining(): void {
    idf = new Map([...popularity].map(([item, count]) => [item, Math.log(sessions.size / count)]));
  }

  function neighbours(prefix: readonly string[], self: string): Counts {
    const weight = new Map(prefix.map((item, place) => [item, (place + 1) / prefix.length]));
    const found = new Set<string>();
    for (const item of weight.keys()) for (const one of sessionsWith(item)) if (one !== self) found.add(one);
    const recent = [...found].sort((a, b) => sessions.get(b)!.at - sessions.get(a)!.at).slice(0, SAMPLE);
    const similar = recent
      .map((session) => {
        const shared = [...weight].filter(([item]) => sessionsWith(item).has(session));
        const similarity = shared.reduce((sum, [item, own]) => sum + own * (idf.get(item) ?? 1), 0);
        const last = Math.max(...shared.map(([item]) => prefix.lastIndexOf(item)));
        return { session, similarity, decay: 1 / (prefix.length - last) };
      })
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, NEIGHBOURS);
    const votes: Counts = new Map();
    for (const { session, similarity, decay } of similar)
      for (const item of new Set(sessions.get(session)!.items)) add(votes, item, similarity * decay);
    return votes;
  }

  function* rank(prefix: readonly string[], { session }: Click, n: number): Generator<[string, string[]]> {
    const popular = best(popularity, prefix, 2 * n);
    const lists: Record<(typeof PEER_NAMES)[number], Counts> = {
      popularity,
      'sequential rules': rules.get(prefix.at(-1)!) ?? new Map(),
      'V-SKNN': neighbours(prefix, session),
    };
    for (const [name, counts] of Object.entries(lists))
      yield [name, [...new Set([...best(counts, prefix, n), ...popular])].slice(0, n)];
  }

  return { take, endTraining, rank };
}

function add(counts: Counts, item: string, weight: number): Counts {
  return counts.set(item, (counts.get(item) ?? 0) + weight);
}

function best(counts: Counts, prefix: readonly string[], n: number): string[] {
  const left = [...counts].filter(([item]) => !prefix.includes(item));
  return left
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, n)
    .map(([item]) => item);
}
