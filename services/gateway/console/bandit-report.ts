/** What shown items earned, by the models that proposed them and by place: from the last slates and rewards of the log. */
import { DecodeError } from '#contracts/codec.ts';
import type { Reward, Slate } from '#contracts/generated/records.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { type Earnings, EarningsTally } from './earnings.ts';
import type { LogClients } from './log-clients.ts';

/** How widely the last slates chose. */
export interface Exploration {
  readonly slots: number;
  /** Different items among them. */
  readonly items: number;
  /** 1/Σ share²: so many items with equal shares would be as diverse. */
  readonly effectiveItems: number;
  /** Mean probability with which an item was in its place, 0 to 1; 1 where nothing is left to chance. */
  readonly meanPropensity: number;
}

/** Slots whose propensity is above one bound and up to the next. */
export interface SupportBin {
  readonly above: number;
  readonly upTo: number;
  readonly slots: number;
  readonly share: number;
}

export interface BanditReport {
  readonly policy: string | null;
  /** Rewards in the posterior of the newest slate. */
  readonly observations: number;
  readonly slates: number;
  readonly byModel: readonly Earnings[];
  readonly bySlot: readonly Earnings[];
  readonly exploration: Exploration;
  readonly support: readonly SupportBin[];
}

/** Messages of each partition that are read. */
const LAST = 3_000;

/** @throws the errors of `readTopic` */
export async function readBanditReport(clients: LogClients): Promise<BanditReport> {
  const [slates, rewards] = await Promise.all([
    readLast<Slate>(clients, 'slates', (bytes) => clients.codec.decode('Slate', bytes)),
    readLast<Reward>(clients, 'rewards', (bytes) => clients.codec.decode('Reward', bytes)),
  ]);
  return banditReport(slates, rewards);
}

/** An item that several models proposed counts for each of them. */
export function banditReport(slates: readonly Slate[], rewards: readonly Reward[]): BanditReport {
  const byId = new Map(slates.map((slate) => [slate.slateId, slate]));
  const [models, slots] = [new EarningsTally(), new EarningsTally()];
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
    exploration: explorationOf(slates),
    support: supportOf(slates),
  };
}

/** Upper bounds of the bins of propensities. */
const SUPPORT_BINS = [0.001, 0.01, 0.1, 0.5, 1] as const;

/** How freely the policy chose: an estimate of another policy needs items that were shown with a probability above 0. */
function supportOf(slates: readonly Slate[]): SupportBin[] {
  const probabilities = slates.flatMap(({ slots }) => slots.map(({ propensity }) => propensity));
  return SUPPORT_BINS.map((upTo, place) => {
    const above = place === 0 ? 0 : SUPPORT_BINS[place - 1]!;
    const slots = probabilities.filter((p) => p > above && p <= upTo).length;
    return { above, upTo, slots, share: probabilities.length === 0 ? 0 : slots / probabilities.length };
  });
}

function explorationOf(slates: readonly Slate[]): Exploration {
  const shown = new Map<string, number>();
  let [slots, certainty] = [0, 0];
  for (const slate of slates)
    for (const { itemId, propensity } of slate.slots) {
      shown.set(itemId, (shown.get(itemId) ?? 0) + 1);
      certainty += propensity;
      slots += 1;
    }
  const squares = [...shown.values()].reduce((sum, times) => sum + (times / slots) ** 2, 0);
  return {
    slots,
    items: shown.size,
    effectiveItems: slots === 0 ? 0 : 1 / squares,
    meanPropensity: slots === 0 ? 0 : certainty / slots,
  };
}

async function readLast<T>(
  { kafka, namespace, signal }: LogClients,
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
