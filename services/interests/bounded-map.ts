/**
 * A map that forgets what was used least recently when the sizes of its entries exceed a bound. An entry larger than
 * the bound is not kept.
 */
export class BoundedMap<K, V> {
  readonly #maximum: number;
  readonly #sizeOf: (value: V) => number;
  /** In the order of last use, which a Map keeps for us. */
  readonly #entries = new Map<K, { readonly value: V; readonly size: number }>();
  #size = 0;

  /** @param sizeOf is asked once an entry; the unit is that of `maximum` */
  constructor(maximum: number, sizeOf: (value: V) => number) {
    this.#maximum = maximum;
    this.#sizeOf = sizeOf;
  }

  /** Sum of the sizes of all entries. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    const size = this.#sizeOf(value);
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#maximum) break;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= entry.size;
  }
}
