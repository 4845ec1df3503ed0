import type { Steps } from '../steps.ts';
import type { Vector } from '../vectors.ts';
import {
  BLOCK_ROWS,
  checkPlaces,
  type Probes,
  type ProductRows,
  type ProductTable,
  type Strongest,
  widthFor,
} from './product-rows.ts';

/** For vectors of any length: four sums, of every fourth product each, and the rest one after the other. */
export class ScalarRows implements ProductRows {
  readonly count: number;
  readonly dim: number;
  readonly matrix: Float32Array;
  readonly places = new Int32Array(BLOCK_ROWS);
  readonly scores = new Float64Array(BLOCK_ROWS);
  readonly #strongest: Strongest = {
    probes: new Int32Array(BLOCK_ROWS),
    products: new Float64Array(BLOCK_ROWS),
  };
  #query: Vector = new Float64Array(0);
  #factors: Float64Array = new Float64Array(0);

  constructor(count: number, dim: number) {
    this.count = count;
    this.dim = dim;
    this.matrix = new Float32Array(count * dim);
  }

  /** Nothing is to do. */
  *prepare(): Steps<void> {}

  begin(query: Vector, factors: Float64Array): void {
    this.#query = query;
    this.#factors = factors;
  }

  above(first: number, bar: number): number {
    const end = Math.min(this.count, first + BLOCK_ROWS);
    let found = 0;
    for (let place = first; place < end; place++) {
      const score = this.#factors[place]! * this.#product(this.#query, place);
      if (!(score > bar)) continue;
      this.places[found] = place;
      this.scores[found++] = score;
    }
    return found;
  }

  scorePlaces(count: number): void {
    for (let i = 0; i < count; i++) {
      const place = this.places[i]!;
      this.scores[i] = this.#factors[place]! * this.#product(this.#query, place);
    }
  }

  strongest(places: Int32Array, { vectors, weights }: Probes): Strongest {
    const { probes, products } = this.#strongest;
    for (let i = 0; i < places.length; i++) {
      let largest = 0;
      probes[i] = -1;
      for (let probe = 0; probe < vectors.length; probe++) {
        // No product is above 1.
        if (weights[probe]! <= largest) break;
        const product = this.#product(vectors[probe]!, places[i]!);
        if (!(weights[probe]! * product > largest)) continue;
        largest = weights[probe]! * product;
        probes[i] = probe;
        products[i] = product;
      }
    }
    return this.#strongest;
  }

  products(places: ArrayLike<number>, others: ArrayLike<number>): ProductTable {
    checkPlaces(places);
    const { dim, matrix } = this;
    const width = widthFor(places);
    const values = new Float32Array(others.length * width);
    const lanes = new Float32Array(4);
    for (let other = 0; other < others.length; other++) {
      for (let place = 0; place < places.length; place++) {
        lanes.fill(0);
        for (let i = 0; i < dim; i++)
          lanes[i % 4]! += Math.fround(matrix[others[other]! * dim + i]! * matrix[places[place]! * dim + i]!);
        const [a, b, c, d] = lanes;
        values[other * width + place] = Math.fround(a! + b!) + Math.fround(c! + d!);
      }
    }
    return { values, width };
  }

  #product(query: Vector, place: number): number {
    const { dim, matrix } = this;
    const whole = dim - (dim % 4);
    const start = place * dim;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < whole; i += 4) {
      const j = start + i;
      a += query[i]! * matrix[j]!;
      b += query[i + 1]! * matrix[j + 1]!;
      c += query[i + 2]! * matrix[j + 2]!;
      d += query[i + 3]! * matrix[j + 3]!;
    }
    let sum = a + c + (b + d);
    for (let i = whole; i < dim; i++) sum += query[i]! * matrix[start + i]!;
    return sum;
  }
}
