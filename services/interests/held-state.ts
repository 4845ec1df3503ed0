import type { HeldState } from '#platform/kafka/held-state.ts';
import type { Processor } from './processor.ts';
import type { Refresher } from './refresher.ts';
import type { InterestsStore } from './store.ts';

/** The state of the stage, as the consumer compares it with the log. */
export function heldInterests({
  store,
  processor,
  refresher,
}: {
  store: Pick<InterestsStore, 'readHead' | 'writeHead' | 'clear'>;
  processor: Pick<Processor, 'forgetPartitions'>;
  refresher: Pick<Refresher, 'request'>;
}): HeldState {
  return {
    readHead: (_topic, partition) => store.readHead(partition),
    writeHead: (_topic, partition, head) => store.writeHead(partition, head),
    clear: (partition) => store.clear(partition),
    forget() {
      processor.forgetPartitions();
      // An older copy may hold medoids of a former generation, also of users whose windows lack nothing.
      refresher.request();
    },
  };
}
