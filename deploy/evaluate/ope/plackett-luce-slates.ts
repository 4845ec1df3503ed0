/** Plackett–Luce over few items, with all slates listed, so that every probability is exact. */
export interface EverySlate {
  readonly items: number;
  readonly slots: number;
  /** Items of each slate, slates × slots. */
  readonly slates: Int32Array;
}

export function everySlate(items: number, slots: number): EverySlate {
  let all: number[][] = [[]];
  for (let slot = 0; slot < slots; slot++) {
    all = all.flatMap((above) =>
      Array.from({ length: items }, (_, item) => item)
        .filter((item) => !above.includes(item))
        .map((item) => [...above, item]),
    );
  }
  return { items, slots, slates: Int32Array.from(all.flat()) };
}

/** The probabilities of one context under one policy. */
export interface DrawnSlateLaw {
  /** Of each slate. */
  readonly slates: Float64Array;
  /** Of each item in each slot, slots × items. */
  readonly marginal: Float64Array;
  /** exp of the scores. */
  readonly powers: Float64Array;
}

export function lawOf({ items, slots, slates }: EverySlate, scores: Float64Array): DrawnSlateLaw {
  const powers = scores.map(Math.exp);
  const total = powers.reduce((a, b) => a + b, 0);
  const count = slates.length / slots;
  const law = { slates: new Float64Array(count), marginal: new Float64Array(slots * items), powers };
  for (let slate = 0; slate < count; slate++) {
    let [left, probability] = [total, 1];
    for (let slot = 0; slot < slots; slot++) {
      const power = powers[slates[slate * slots + slot]!]!;
      probability *= power / left;
      left -= power;
    }
    law.slates[slate] = probability;
    for (let slot = 0; slot < slots; slot++)
      law.marginal[slot * items + slates[slate * slots + slot]!]! += probability;
  }
  return law;
}

/** Probability of each item in the slot, given the items of the slate above it. */
export function nextItems({ powers }: DrawnSlateLaw, slate: Int32Array, slot: number): Float64Array {
  const left = powers.slice();
  for (let above = 0; above < slot; above++) left[slate[above]!] = 0;
  const total = left.reduce((a, b) => a + b, 0);
  return left.map((power) => power / total);
}
