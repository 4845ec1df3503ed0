import { byAge, type ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Release, ReleaseState } from '#contracts/generated/records.ts';

/** The releases to write, in this order, or the reason in one sentence why nothing may be written. */
export type Decision = { readonly writes: readonly Release[] } | { readonly refusal: string };

export function unknownGeneration(generation: string): string {
  return `There is no generation ${generation}: npm run releases -- list shows the generations.`;
}

/**
 * Makes a generation the served one. It becomes `ready` again, and the releases that would take precedence become
 * `retired`: the index then builds its graph beside the serving one, flips, and declares it `active`, at which every
 * other reader flips too (decision 0004). If this command declared it `active`, interests would name it before the
 * index could answer for it.
 *
 * The order matters, since readers apply the writes one by one: after each of them the index selects its served
 * generation, its next one or this one, never another.
 *
 * @param trained embeddings from its training that the log holds
 * @param now ms
 */
export function decideActivation(
  ledger: ReleaseLedger,
  generation: string,
  trained: number,
  now: number,
): Decision {
  const target = ledger.get(generation);
  if (target === undefined) return { refusal: unknownGeneration(generation) };
  const { state, itemCount } = target;
  if (state === 'rejected')
    return { refusal: `${generation} was rejected and never serves: ${target.reason}.` };
  if (state === 'building') return { refusal: `${generation} is still being trained.` };
  if (generation === ledger.active()?.generation) return { refusal: `${generation} is active already.` };
  if (generation === ledger.successor()?.generation)
    return { refusal: `${generation} takes over by itself as soon as the index has built it.` };
  if (trained < itemCount) {
    const held = trained === 0 ? `none of its ${itemCount}` : `only ${trained} of its ${itemCount}`;
    return { refusal: `${generation} cannot be served: the log holds ${held} trained embeddings.` };
  }
  const others = ledger.declared.filter((release) => release !== target);
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

/** The generation that a rollback activates: the newest retired one that is older than the active one. */
export function decideRollback(
  ledger: ReleaseLedger,
): { readonly generation: string } | { readonly refusal: string } {
  const active = ledger.active();
  if (active === undefined) return { refusal: 'No generation is active, so there is nothing to roll back.' };
  return (
    ledger.former() ?? { refusal: `No retired generation is older than the active ${active.generation}.` }
  );
}

/** Prevents a waiting generation from being served. */
export function decideRetirement(ledger: ReleaseLedger, generation: string, now: number): Decision {
  const target = ledger.get(generation);
  if (target === undefined) return { refusal: unknownGeneration(generation) };
  switch (target.state) {
    case 'ready':
      return { writes: [change(target, 'retired', now, 'retired by hand')] };
    case 'active':
      return {
        refusal: `${generation} is active: activate another generation, and the index retires this one.`,
      };
    case 'building':
      return { refusal: `${generation} is still being trained.` };
    case 'retired':
    case 'rejected':
      return { refusal: `${generation} is ${target.state} already.` };
  }
}

function change(release: Release, state: ReleaseState, now: number, reason: string | null): Release {
  // A person's decision begins a new life: what processes concluded from earlier declarations is stale from here on.
  return { ...release, state, updatedAt: now, reason, follows: null };
}
