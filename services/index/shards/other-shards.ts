import { createPeer } from '#platform/http/peer.ts';

export interface OtherShards {
  /** Names of the shards that do not hold the generation or do not answer. */
  lacking(generation: string): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * @param urls addresses of all shards in their order; empty where this process need not ask them
 * @param place place of this process among them; it does not ask itself
 */
export function createOtherShards(urls: readonly string[], place: number): OtherShards {
  const peers = urls
    .map((url, other) => ({ name: `index shard ${other}`, url }))
    .filter((_, other) => other !== place)
    .map(({ name, url }) => ({ name, peer: createPeer({ name, url }) }));

  async function holds(peer: (typeof peers)[number]['peer'], generation: string): Promise<boolean> {
    try {
      const { held } = await peer.get<{ held: readonly string[] }>('/status');
      return held.includes(generation);
    } catch {
      return false;
    }
  }

  return {
    async lacking(generation) {
      const answers = await Promise.all(peers.map(({ peer }) => holds(peer, generation)));
      return peers.filter((_, i) => !answers[i]).map(({ name }) => name);
    },
    close: async () => void (await Promise.all(peers.map(({ peer }) => peer.close()))),
  };
}
