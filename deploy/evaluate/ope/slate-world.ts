import type { JudgedSlates, Looking, Propensities } from '#algorithms/bandit/ope/judged-slates.ts';
import type { Random } from '#algorithms/random.ts';
import { type DrawnSlateLaw, type EverySlate, everySlate, lawOf, nextItems } from './plackett-luce-slates.ts';

const ITEMS = 6;
const SLOTS = 3;
const DIM = 4;
const USERS = 4_000;
/** Slates of a user in one log. */
const SLATES_A_USER = 4;
/** Share of looks that go on to the next slot, by slot, where people look by position. */
const EXAMINED = [1, 0.7, 0.5];
/** Probability that a user who acted in a cascade looks no further. */
const STOPS = 0.7;

/** One user: the attraction of each item, and the laws of the policies. */
interface WorldUser {
  readonly context: Float64Array;
  readonly attraction: Float64Array;
  readonly logged: DrawnSlateLaw;
  readonly judged: readonly DrawnSlateLaw[];
}

/** A finite population, in which the value of each policy is known exactly. */
export interface SlateWorld {
  readonly every: EverySlate;
  readonly dim: number;
  readonly users: readonly WorldUser[];
  readonly policies: readonly string[];
}

/** A log of one policy, with what each judged policy and a model of rewards need of it. */
export interface WorldLog {
  /** By policy of the world. */
  readonly judged: readonly JudgedSlates[];
  /** Number in the world of the user of each slate. */
  readonly users: Int32Array;
  /** Items shown, slates × slots. */
  readonly items: Int32Array;
}

/**
 * Users with a context, items that attract them by it, one policy that logs, and policies that are judged: one that knows the attraction in
 * part, one that is turned against it, and one that is nearly certain.
 */
export function createSlateWorld(random: Random): SlateWorld {
  const every = everySlate(ITEMS, SLOTS);
  const normals = (length: number) => Float64Array.from({ length }, () => random.normal());
  const taste = normals(ITEMS * (DIM + 1));
  const belief = normals(taste.length);
  const mixed = (share: number, by: number) =>
    taste.map((w, i) => by * (share * w + (1 - share) * belief[i]!));
  const policies: Record<string, Float64Array> = {
    better: mixed(0.7, 0.8),
    worse: mixed(0.3, -0.8),
    certain: mixed(0.9, 2),
  };
  const logging = mixed(0.3, 0.5);
  const users = Array.from({ length: USERS }, () => {
    const context = Float64Array.of(1, ...normals(DIM));
    const law = (weights: Float64Array) => lawOf(every, scoresOf(context, weights));
    return {
      context,
      attraction: scoresOf(context, taste).map((score) => 1 / (1 + Math.exp(1 - score))),
      logged: law(logging),
      judged: Object.values(policies).map(law),
    };
  });
  return { every, dim: DIM + 1, users, policies: Object.keys(policies) };
}

function scoresOf(context: Float64Array, weights: Float64Array): Float64Array {
  return Float64Array.from({ length: weights.length / context.length }, (_, item) =>
    context.reduce((sum, value, i) => sum + value * weights[item * context.length + i]!, 0),
  );
}

/** The expected reward of each slot of a slate. */
function expectedRewards(attraction: Float64Array, slate: Int32Array, looking: Looking): number[] {
  const own = Array.from(slate, (item) => attraction[item]!);
  if (looking === 'slot') return own.map((p, slot) => p * EXAMINED[slot]!);
  if (looking === 'slate') {
    const all = own.reduce((a, b) => a + b, 0);
    return own.map((p, slot) => p * EXAMINED[slot]! * (1 - (0.4 * (all - p)) / (SLOTS - 1)));
  }
  let reached = 1;
  return own.map((p) => {
    const acted = reached * p;
    reached -= acted * STOPS;
    return acted;
  });
}

/** The value of each judged policy: the mean over all users and all slates. */
export function trueValues({ every, users, policies }: SlateWorld, looking: Looking): number[] {
  const values = policies.map(() => 0);
  for (const { attraction, judged } of users) {
    for (let slate = 0; slate * SLOTS < every.slates.length; slate++) {
      const items = every.slates.subarray(slate * SLOTS, (slate + 1) * SLOTS);
      const reward = expectedRewards(attraction, items, looking).reduce((a, b) => a + b, 0);
      for (const [policy, law] of judged.entries()) values[policy]! += law.slates[slate]! * reward;
    }
  }
  return values.map((value) => value / users.length);
}

/** Draws a log of `slates` slates: users at random, several slates each. */
export function drawLog(world: SlateWorld, looking: Looking, slates: number, random: Random): WorldLog {
  const { every, users: people } = world;
  const users = new Int32Array(slates);
  const own = new Int32Array(slates);
  const items = new Int32Array(slates * SLOTS);
  const rewards = new Float64Array(slates * SLOTS);
  for (let i = 0; i < slates; i++) {
    const isNext = i % SLATES_A_USER === 0;
    own[i] = isNext ? i : own[i - 1]!;
    users[i] = isNext ? random.integer(people.length) : users[i - 1]!;
    const { logged, attraction } = people[users[i]!]!;
    const slate = drawIndex(logged.slates, random) * SLOTS;
    const shown = every.slates.subarray(slate, slate + SLOTS);
    items.set(shown, i * SLOTS);
    rewards.set(drawRewards(attraction, shown, looking, random), i * SLOTS);
  }
  const propensities = (lawOfUser: (user: WorldUser) => DrawnSlateLaw): Propensities => {
    const slot = new Float64Array(items.length);
    const given = new Float64Array(items.length);
    for (let i = 0; i < slates; i++) {
      const law = lawOfUser(people[users[i]!]!);
      const shown = items.subarray(i * SLOTS, (i + 1) * SLOTS);
      for (let k = 0; k < SLOTS; k++) {
        slot[i * SLOTS + k] = law.marginal[k * ITEMS + shown[k]!]!;
        given[i * SLOTS + k] = nextItems(law, shown, k)[shown[k]!]!;
      }
    }
    return { slot, given };
  };
  const logged = propensities((user) => user.logged);
  const judged = world.policies.map((_, policy) => ({
    users: own,
    slots: SLOTS,
    rewards,
    logged,
    judged: propensities((user) => user.judged[policy]!),
  }));
  return { judged, users, items };
}

function drawRewards(
  attraction: Float64Array,
  shown: Int32Array,
  looking: Looking,
  random: Random,
): number[] {
  if (looking !== 'cascade')
    return expectedRewards(attraction, shown, looking).map((p) => (random.next() < p ? 1 : 0));
  let isLooking = true;
  return Array.from(shown, (item) => {
    const acts = isLooking && random.next() < attraction[item]!;
    if (acts && random.next() < STOPS) isLooking = false;
    return acts ? 1 : 0;
  });
}

export function drawIndex(probabilities: ArrayLike<number>, random: Random): number {
  let left = random.next();
  for (let i = 0; i < probabilities.length; i++) {
    left -= probabilities[i]!;
    if (left < 0) return i;
  }
  return probabilities.length - 1;
}
