/** Times that actions take from stage to stage, as the timestamps of their messages tell. */
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';

export interface HopTime {
  /** From where to where: `accepted → interests`. */
  readonly hop: string;
  /** Number of messages that were measured. */
  readonly messages: number;
  /** Milliseconds. Negative where the clocks of two processes differ. */
  readonly p50: number;
  readonly p99: number;
}

export const HOPS = ['accepted → interests', 'interests → proposals', 'accepted → proposals'] as const;
type Hop = (typeof HOPS)[number];

/** Most interests whose proposals are awaited; the oldest are forgotten first. */
const MAX_AWAITED = 20_000;

/**
 * Collects the times of hops between two readings. A message of `interests` or `proposals` names the newest action that it
 * reflects: the time at which the gateway accepted it, and the version, which both messages share.
 */
export class HopTimes {
  readonly #samples = new Map<Hop, number[]>(HOPS.map((hop) => [hop, []]));
  /** Timestamp of the message of `interests`, by user and version. */
  readonly #awaited = new Map<string, number>();

  /** @param timestamp of the message in Kafka, ms */
  addInterests({ userId, version, receivedAt }: UserInterests, timestamp: number): void {
    this.#samples.get('accepted → interests')!.push(timestamp - receivedAt);
    this.#awaited.set(`${version} ${userId}`, timestamp);
    if (this.#awaited.size > MAX_AWAITED) this.#awaited.delete(this.#awaited.keys().next().value!);
  }

  /** Lists for everybody answer no interests and are left out. */
  addProposal(
    { userId, version, receivedAt }: Pick<Proposal, 'userId' | 'version' | 'receivedAt'>,
    timestamp: number,
  ): void {
    if (version < 0) return;
    this.#samples.get('accepted → proposals')!.push(timestamp - receivedAt);
    const since = this.#awaited.get(`${version} ${userId}`);
    if (since !== undefined) this.#samples.get('interests → proposals')!.push(timestamp - since);
  }

  /** Returns the times since the last call, and begins anew. A hop without messages is left out. */
  take(): HopTime[] {
    const times: HopTime[] = [];
    for (const [hop, samples] of this.#samples) {
      if (samples.length === 0) continue;
      samples.sort((a, b) => a - b);
      const at = (share: number): number => samples[Math.ceil(share * samples.length) - 1]!;
      times.push({ hop, messages: samples.length, p50: at(0.5), p99: at(0.99) });
      this.#samples.set(hop, []);
    }
    return times;
  }
}
