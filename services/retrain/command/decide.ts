import type { Release, ReleaseState } from '#contracts/generated/records.ts';

/** The newest release of each generation, in the order in which they were last declared. */
export type Declared = readonly Release[];

/** What to write to `releases`, in this order, or why nothing may be written, as one sentence. */
export type Decision = { readonly writes: readonly Release[] } | { readonly refusal: string };

export function unknownGeneration(generation: string): string {
  return `There is no generation ${generation}: npm run releases -- list shows which there are.`;
}

/** The one declared active last. */
export function activeOf(declared: Declared): Release | undefined {
  return declared.findLast(({ state }) => state === 'active');
}

export function findRelease(declared: Declared, generation: string): Release | undefined {
  return declared.find((release) => release.generation === generation);
}

/**
 * Makes a generation the one that is served. It becomes `ready` again, and what would come before it `retired`: the
 * index then builds its graph beside the serving one, flips, and declares it `active`, at which every other reader
 * flips too (decision 0004). Declared `active` from here, interests would name it before the index could answer for it.
 *
 * The order matters, since readers follow the writes one by one: between them the index wants what it serves, what it
 * was about to serve or this generation, never another.
 *
 * @param trained embeddings from its training that the log holds
 * @param now ms
 */
export function decideActivation(
  declared: Declared,
  generation: string,
  trained: number,
  now: number,
): Decision {
  const target = findRelease(declared, generation);
  if (target === undefined) return { refusal: unknownGeneration(generation) };
  const { state, itemCount } = target;
  if (state === 'rejected')
    return { refusal: `${generation} was rejected and never serves: ${target.reason}.` };
  if (state === 'building') return { refusal: `${generation} is still being trained.` };
  if (generation === activeOf(declared)?.generation) return { refusal: `${generation} is active already.` };
  if (generation === successorOf(declared)?.generation)
    return { refusal: `${generation} takes over by itself as soon as the index has built it.` };
  if (trained < itemCount) {
    const held = trained === 0 ? `none of its ${itemCount}` : `only ${trained} of its ${itemCount}`;
    return { refusal: `${generation} cannot be served: the log holds ${held} trained embeddings.` };
  }
  const others = declared.filter((release) => release !== target);
  const before = [
    ...others.filter((release) => release.state === 'ready' && release.generation > generation).sort(byAge),
    ...others.filter((release) => release.state === 'active'),
  ];
  return {
    writes: [
      change(target, 'ready', now, null),
      ...before.map((release) => change(release, 'retired', now, `${generation} was activated by hand`)),
    ],
  };
}

/** Which generation a rollback activates: the newest retired one that is older than the active one. */
export function decideRollback(
  declared: Declared,
): { readonly generation: string } | { readonly refusal: string } {
  const active = activeOf(declared);
  if (active === undefined)
    return { refusal: 'No generation is active, so that there is none to roll back.' };
  const former = declared
    .filter(({ state, generation }) => state === 'retired' && generation < active.generation)
    .sort(byAge)
    .at(-1);
  return former ?? { refusal: `No retired generation is older than the active ${active.generation}.` };
}

/** Keeps a generation that waits from being served. */
export function decideRetirement(declared: Declared, generation: string, now: number): Decision {
  const target = findRelease(declared, generation);
  if (target === undefined) return { refusal: unknownGeneration(generation) };
  switch (target.state) {
    case 'ready':
      return { writes: [change(target, 'retired', now, 'retired by hand')] };
    case 'active':
      return { refusal: `${generation} is active: activate another one, and the index retires it.` };
    case 'building':
      return { refusal: `${generation} is still being trained.` };
    case 'retired':
    case 'rejected':
      return { refusal: `${generation} is ${target.state} already.` };
  }
}

/** The ready one that the index serves next. */
function successorOf(declared: Declared): Release | undefined {
  const active = activeOf(declared);
  return declared
    .filter(({ state, generation }) => state === 'ready' && (!active || generation > active.generation))
    .sort(byAge)
    .at(-1);
}

/** Generations sort by the time of their training. */
export function byAge(a: Release, b: Release): number {
  return a.generation < b.generation ? -1 : 1;
}

function change(release: Release, state: ReleaseState, now: number, reason: string | null): Release {
  return { ...release, state, updatedAt: now, reason };
}
