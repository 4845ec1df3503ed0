const ACTIONS_TOTAL = 'tributary_window_actions_total';

/** What the interests stage says of itself. */
export interface StageSample {
  /** When the sample was taken, ms. */
  readonly at: number;
  /** Actions handled since the start of the stage. */
  readonly actions: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Reads the metrics of the stage at `url`. */
export async function readStageSample(url: string): Promise<StageSample> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sumOf = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    at: performance.now(),
    actions: sumOf(ACTIONS_TOTAL),
    cpuSeconds: sumOf('process_cpu_seconds_total'),
    residentBytes: sumOf('process_resident_memory_bytes'),
  };
}
