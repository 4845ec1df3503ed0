import { type Followed, follow } from '#platform/kafka/follower.ts';
import type { FollowHandlers } from '#platform/stage.ts';
import type { SimulatedPorts } from './simulated-ports.ts';
import { decode } from './simulated-records.ts';

/**
 * Reads whole topics and follows them, with the real follower of the platform.
 * @returns resolves when it has joined, with a promise of the ends at the start
 */
export async function followTopics(
  { kafka, process, log, onDrain }: SimulatedPorts,
  handlers: FollowHandlers,
): Promise<{ readonly caughtUp: Promise<void> }> {
  const follower = await follow({
    kafka,
    groupPrefix: process.name,
    followed: Object.entries(handlers).map(([topic, apply]) => ({
      topic,
      decode: decode as (bytes: Buffer) => never,
      apply: apply as Followed<never>['apply'],
    })),
    log,
    onFailure: (error) => process.fail(error),
  });
  onDrain(() => follower.close());
  return { caughtUp: follower.caughtUp };
}
