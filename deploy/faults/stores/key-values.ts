/** What Redis holds, in memory: whole values by key. A value is never changed, only replaced, so that a copy is cheap. */
export class KeyValues {
  #values: Map<string, unknown>;

  constructor(values: Iterable<readonly [string, unknown]> = []) {
    this.#values = new Map(values);
  }

  get<T>(key: string): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  set(key: string, value: unknown): void {
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** The entries whose key begins with the prefix; the keys are returned without it. */
  under<T>(prefix: string): Map<string, T> {
    const found = new Map<string, T>();
    for (const [key, value] of this.#values)
      if (key.startsWith(prefix)) found.set(key.slice(prefix.length), value as T);
    return found;
  }

  copy(): KeyValues {
    return new KeyValues(this.#values);
  }

  /** Holds from now on what the copy holds, as a Redis does that is restored from a backup. */
  restore(copy: KeyValues): void {
    this.#values = new Map(copy.#values);
  }

  clear(): void {
    this.#values.clear();
  }
}

/**
 * Runs one command, which Redis runs whole or not at all. The caller decides when it runs, whether its answer arrives, and
 * what else runs before and after it.
 */
export type RunCommand = <T>(command: () => T) => Promise<T>;

/** Runs each command at once. */
export const atOnce: RunCommand = async (command) => command();
