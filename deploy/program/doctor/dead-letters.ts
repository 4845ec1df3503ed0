/** Counts the dead letters of the last day. */
import { readDeadLetterKinds } from '#topics/dead-letter-kinds.ts';

type Source = Omit<Parameters<typeof readDeadLetterKinds>[0], 'from'>;

export interface DeadLetterCount {
  readonly topic: string;
  readonly code: string;
  readonly count: number;
}

export const DEAD_LETTER_WINDOW = 'one day';
const WINDOW_MS = 86_400_000;

export async function countDeadLetters(
  source: Source,
  now: number,
): Promise<readonly DeadLetterCount[] | Error> {
  try {
    return await readDeadLetterKinds({ ...source, from: { at: 'time', timestamp: now - WINDOW_MS } });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
