/** Work in steps: it yields wherever other work may run, and returns its result. */
export type Steps<T> = Generator<void, T, void>;

/** Does all steps of the work without a pause. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Between two positions that are multiples of it, a loop may do its work without a pause. */
const ITEMS_A_STEP = 256;

/** Whether a loop over items pauses before this position. */
export function pausesAt(position: number): boolean {
  return position % ITEMS_A_STEP === 0;
}
