import type { Figures } from '../figures/figures.ts';

/** What the training of one model cost. */
export interface ModelCost {
  readonly model: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Largest memory of the process until the end of this training. */
  readonly peakMiB: number;
}

/** The share of each cost in their sum, 0 to 1, by name; zeros where nothing costs anything. */
export function sharesOfWhole(costs: ReadonlyMap<string, number>): Map<string, number> {
  const total = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
  return new Map([...costs].map(([name, cost]) => [name, total === 0 ? 0 : cost / total]));
}

/** The costs with the share of each model in the processor time of all, 0 to 1, and by how much it raised the peak of memory. */
export function sharesOf(costs: readonly ModelCost[]): Figures[] {
  const total = costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  return costs.map((cost, place) => ({
    ...cost,
    share: total === 0 ? 0 : cost.cpuSeconds / total,
    raisedMiB: cost.peakMiB - (costs[place - 1]?.peakMiB ?? 0),
  }));
}
