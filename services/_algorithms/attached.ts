/**
 * Values by object, each kept on its object itself. The collector of young objects takes the values of a WeakMap for alive, so that each one
 * would be moved among the old objects before its key dies; a value that is attached dies young with its object.
 *
 * The property is not enumerable: a copy of the object by `{ ...object }` is without the value, and comparisons and JSON do not see it.
 */
export class Attached<K extends object, V> {
  readonly #name = Symbol('attached');

  get(object: K): V | undefined {
    return (object as { readonly [name: symbol]: V | undefined })[this.#name];
  }

  /** Replaces the value of an object, which must not be frozen. */
  set(object: K, value: V): void {
    Object.defineProperty(object, this.#name, {
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }
}
