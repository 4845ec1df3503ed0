/** Which items have an embedding in which generation, as the topic `embeddings` tells. */
export class EmbeddedItems {
  readonly #byGeneration = new Map<string, Set<string>>();

  /** @param key generation/itemId; the generation holds no slash, the item id may */
  take(key: string, isTombstone: boolean): void {
    const slash = key.indexOf('/');
    const generation = key.slice(0, slash);
    const itemId = key.slice(slash + 1);
    if (isTombstone) {
      this.#byGeneration.get(generation)?.delete(itemId);
      return;
    }
    const items = this.#byGeneration.get(generation) ?? new Set();
    this.#byGeneration.set(generation, items);
    items.add(itemId);
  }

  has(generation: string, itemId: string): boolean {
    return this.#byGeneration.get(generation)?.has(itemId) ?? false;
  }

  /** Takes the keys of a generation away, to be tombstoned. */
  drain(generation: string): string[] {
    const items = [...(this.#byGeneration.get(generation) ?? [])];
    this.#byGeneration.delete(generation);
    return items.map((itemId) => `${generation}/${itemId}`);
  }
}
