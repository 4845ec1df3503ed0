/** What shown items earned, by the models that proposed them and by place: from the last slates and rewards of the log. */
import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import type { Reward, Slate } from '#contracts/generated/records.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';

/** Earnings of one group of shown items. */
export interface Earnings {
  readonly name: string;
  /** Shown items whose reward is settled. */
  readonly shown: number;
  readonly mean: number;
  /** Half the width of the 95% interval of the mean, by its standard error; 0 for fewer than two. */
  readonly margin: number;
  /** Mean propensity, 0 to 1. */
  readonly propensity: number;
}

export interface BanditReport {
  readonly policy: string | null;
  /** Rewards in the posterior of the newest slate. */
  readonly observations: number;
  readonly slates: number;
  readonly byModel: readonly Earnings[];
  readonly bySlot: readonly Earnings[];
}

/** Messages of each partition that are read. */
const LAST = 3_000;

interface Clients {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** @throws the errors of `readTopic` */
export async function readBanditReport(clients: Clients): Promise<BanditReport> {
  const [slates, rewards] = await Promise.all([
    readLast<Slate>(clients, 'slates', (bytes) => clients.codec.decode('Slate', bytes)),
    readLast<Reward>(clients, 'rewards', (bytes) => clients.codec.decode('Reward', bytes)),
  ]);
  return banditReport(slates, rewards);
}

/** An item that several models proposed counts for each of them. */
export function banditReport(slates: readonly Slate[], rewards: readonly Reward[]): BanditReport {
  const byId = new Map(slates.map((slate) => [slate.slateId, slate]));
  const [models, slots] = [new Tally(), new Tally()];
  for (const { slateId, slot, reward, propensity } of rewards) {
    slots.add(String(slot + 1), reward, propensity);
    for (const model of byId.get(slateId)?.slots[slot]?.models ?? []) models.add(model, reward, propensity);
  }
  const newest = slates.reduce<Slate | undefined>(
    (last, slate) => (last === undefined || slate.servedAt > last.servedAt ? slate : last),
    undefined,
  );
  return {
    policy: newest?.policy ?? null,
    observations: newest?.observations ?? 0,
    slates: slates.length,
    byModel: models.earnings().sort((a, b) => b.mean - a.mean),
    bySlot: slots.earnings().sort((a, b) => Number(a.name) - Number(b.name)),
  };
}

class Tally {
  readonly #sums = new Map<string, { n: number; sum: number; squares: number; propensity: number }>();

  add(name: string, reward: number, propensity: number): void {
    const sums = this.#sums.get(name) ?? { n: 0, sum: 0, squares: 0, propensity: 0 };
    sums.n += 1;
    sums.sum += reward;
    sums.squares += reward * reward;
    sums.propensity += propensity;
    this.#sums.set(name, sums);
  }

  earnings(): Earnings[] {
    return Array.from(this.#sums, ([name, { n, sum, squares, propensity }]) => {
      const mean = sum / n;
      const variance = n < 2 ? 0 : Math.max(0, (squares - n * mean * mean) / (n - 1));
      return { name, shown: n, mean, margin: 1.96 * Math.sqrt(variance / n), propensity: propensity / n };
    });
  }
}

async function readLast<T>(
  { kafka, namespace, signal }: Clients,
  name: 'slates' | 'rewards',
  decode: (bytes: Buffer) => T | Promise<T>,
): Promise<T[]> {
  const values: T[] = [];
  await readTopic({
    kafka,
    signal,
    topic: qualifiedTopic(namespace, name),
    from: { at: 'last', count: LAST },
    onMessage: async ({ value }) => {
      if (value === null) return;
      try {
        values.push(await decode(value));
      } catch (error) {
        // It is a dead letter of its reader, and no reward.
        if (!(error instanceof DecodeError)) throw error;
      }
    },
  });
  return values;
}
