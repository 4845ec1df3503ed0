/** A member of a rendezvous. Both functions may be called again, which changes nothing. */
export interface Party {
  /** Resolves when every other member has arrived or left. */
  arrive(): Promise<void>;
  /** The others wait no more for this member. */
  leave(): void;
}

/** Returns the members of a rendezvous: works that continue together once the last of them has come so far. */
export function rendezvous(members: number): Party[] {
  const all = Promise.withResolvers<void>();
  let missing = members;
  return Array.from({ length: members }, () => {
    let isMissing = true;
    const leave = (): void => {
      if (!isMissing) return;
      isMissing = false;
      missing -= 1;
      if (missing === 0) all.resolve();
    };
    return {
      leave,
      arrive() {
        leave();
        return all.promise;
      },
    };
  });
}
