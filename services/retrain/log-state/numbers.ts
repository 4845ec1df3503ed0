import { hashString } from '#algorithms/random.ts';

/** 53 bits of a text: among ten million texts two collide with a probability of about one in two hundred. */
export function nameOf(text: string): number {
  return hashString(text, 0) * 2 ** 21 + (hashString(text, 1) >>> 11);
}

/**
 * Maps names of 53 bits to numbers from 0, in about 16 bytes a name. A name keeps its number while it is in use; then
 * the number is reused.
 */
export class NameNumbers {
  #names = new Float64Array(512);
  /** Open addressing with linear probing, at most half full: a number plus 1, 0 for a free slot. */
  #slots = new Int32Array(1024);
  #free: number[] = [];
  #size = 0;

  /** All numbers are below it. */
  get size(): number {
    return this.#size;
  }

  has(name: number): boolean {
    return this.#slots[this.#slotOf(name)] !== 0;
  }

  nameOf(number: number): number {
    return this.#names[number]!;
  }

  /** The number of a name; a new name gets one. */
  numberOf(name: number): number {
    const known = this.#slots[this.#slotOf(name)]!;
    if (known !== 0) return known - 1;
    const number = this.#free.pop() ?? this.#size++;
    if (number === this.#names.length) this.#widen();
    this.#names[number] = name;
    this.#slots[this.#slotOf(name)] = number + 1;
    return number;
  }

  /** Releases the names that are not in use. */
  retain(isInUse: (number: number) => boolean): void {
    const wasFree = new Set(this.#free);
    this.#slots.fill(0);
    this.#free = [];
    for (let number = this.#size - 1; number >= 0; number--) {
      if (wasFree.has(number) || !isInUse(number)) this.#free.push(number);
      else this.#slots[this.#slotOf(this.#names[number]!)] = number + 1;
    }
  }

  #slotOf(name: number): number {
    const mask = this.#slots.length - 1;
    let slot = Math.floor(name / 2 ** 21) & mask;
    while (this.#slots[slot] !== 0 && this.#names[this.#slots[slot]! - 1] !== name) slot = (slot + 1) & mask;
    return slot;
  }

  #widen(): void {
    const names = new Float64Array(this.#names.length * 2);
    names.set(this.#names);
    const numbers = this.#slots.filter((slot) => slot !== 0);
    this.#names = names;
    this.#slots = new Int32Array(names.length * 2);
    for (const number of numbers) this.#slots[this.#slotOf(names[number - 1]!)] = number;
  }
}

/** Maps texts to numbers from 0. A text keeps its number while it is in use; then the number is reused. */
export class TextNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  readonly #free: number[] = [];

  /** All numbers are below it. */
  get size(): number {
    return this.#texts.length;
  }

  find(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  /** The number of a text; a new text gets one. */
  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#texts.length;
      this.#numbers.set(text, number);
      this.#texts[number] = text;
    }
    return number;
  }

  /** Throws RangeError if no text has the number. */
  textOf(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new RangeError(`No text has the number ${number}`);
    return text;
  }

  /** Releases the texts that are not in use. */
  retain(isInUse: (number: number) => boolean): void {
    for (const [text, number] of this.#numbers) {
      if (isInUse(number)) continue;
      this.#numbers.delete(text);
      this.#texts[number] = undefined;
      this.#free.push(number);
    }
  }
}
