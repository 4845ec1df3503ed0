import type { HeldState } from '#platform/kafka/held-state.ts';
import type { StatisticsStore } from './learning/store.ts';
import type { PoolStore } from './pools/store.ts';

/** How pools or statistics are compared with their topic, the only one that they are made of. */
export function stateOf(
  store: Pick<PoolStore, 'readHead' | 'writeHead' | 'clear'> | StatisticsStore,
  forget: () => void,
): HeldState {
  return {
    readHead: (_topic, partition) => store.readHead(partition),
    writeHead: (_topic, partition, head) => store.writeHead(partition, head),
    clear: (partition) => store.clear(partition),
    forget,
  };
}
