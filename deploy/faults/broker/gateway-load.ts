import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '#algorithms/random.ts';
import type { AcknowledgedAction } from '../checkers/acknowledged.ts';
import { type PostedAction, postActions } from '../post-actions.ts';

export interface GatewayLoad {
  /** What was acknowledged so far. */
  readonly acknowledged: readonly AcknowledgedAction[];
  /** Entries that were sent again because they were not acknowledged. */
  readonly resent: number;
  stop(): Promise<void>;
}

const CLIENTS = 6;
const BATCH = 100;
const PAUSE_MS = 60;
const TIMEOUT_MS = 15_000;
const USERS = 500;
const ITEMS = 100;

/**
 * Several clients post batches of actions of many users, and send what is not acknowledged again, under the same event id. An
 * event id has as many acknowledgements as the gateway gave.
 */
export function startGatewayLoad(gateway: string): GatewayLoad {
  const acknowledged: AcknowledgedAction[] = [];
  let resent = 0;
  let isStopped = false;

  async function client(number: number): Promise<void> {
    const random = createRandom(`client ${number}`);
    let sent = 0;
    let waiting: PostedAction[] = [];
    while (!isStopped) {
      while (waiting.length < BATCH) {
        waiting.push({
          eventId: `${number}-${sent++}`,
          userId: `user-${random.integer(USERS)}`,
          itemId: `item-${random.integer(ITEMS)}`,
          type: 'view',
        });
      }
      const answers = await postActions(gateway, waiting, TIMEOUT_MS);
      for (const answer of answers) acknowledged.push(answer);
      const confirmed = new Set(answers.map(({ eventId }) => eventId));
      waiting = waiting.filter(({ eventId }) => !confirmed.has(eventId));
      resent += waiting.length;
      await delay(PAUSE_MS);
    }
  }

  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  return {
    acknowledged,
    get resent() {
      return resent;
    },
    async stop() {
      isStopped = true;
      await Promise.all(clients);
    },
  };
}
