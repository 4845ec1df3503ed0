import { TributaryError } from '#contracts/errors.ts';

/**
 * After so many refusals the generation is not about to come. The pauses between them grow to 2 s: about 3 minutes for a generation
 * that the log declares, and about 3 s for a name that it does not hold, which any producer may write.
 */
const LIMITS = { 'generation.pending': 100, 'generation.undeclared': 5 } as const;

type Refusal = keyof typeof LIMITS;

/** Names of generations whose refusals are remembered; the oldest is forgotten first. */
const MAX_NAMES = 1_000;

/** Counts how often each generation was refused, so that a generation which never comes holds up nobody for ever. */
export class Refusals {
  readonly #counts = new Map<string, number>();

  /** The generation came. */
  forget(generation: string): void {
    this.#counts.delete(generation);
  }

  /**
   * @returns whether the users of the generation are left out, because it is over or was given up before
   * @throws the error itself while the generation may come, a TributaryError `generation.unknown` that is not retryable at the
   *   number of refusals in `LIMITS`, and every error that is no refusal
   */
  judge(generation: string, error: unknown): boolean {
    if (!(error instanceof TributaryError)) throw error;
    if (error.code === 'generation.unknown') return true;
    if (!isRefusal(error)) throw error;
    const count = (this.#counts.get(generation) ?? 0) + 1;
    const limit = LIMITS[error.code];
    this.#counts.delete(generation);
    this.#counts.set(generation, count);
    if (this.#counts.size > MAX_NAMES) this.#counts.delete(this.#counts.keys().next().value!);
    if (count > limit) return true;
    if (count < limit) throw error;
    throw new TributaryError('generation.unknown', `${generation} does not come`, { cause: error });
  }
}

function isRefusal(error: TributaryError): error is TributaryError & { readonly code: Refusal } {
  return Object.hasOwn(LIMITS, error.code);
}
