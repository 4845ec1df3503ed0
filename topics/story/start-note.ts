/** What a story says about the part of the log that it was read from. */
import type { Subject } from './read-story.ts';

/** Where a story begins unless the user chooses. */
export const DEFAULT_SINCE = '-1h';

/**
 * Returns a sentence that names `--since` where nothing was found, or where only the default part of the log was read; else ''.
 * @param found number of messages
 * @param since as it was given, undefined for the default
 */
export function noteOfStart(subject: Subject, found: number, since: string | undefined): string {
  const earlier = 'an earlier --since, such as -7d or beginning';
  if (found > 0) return since === undefined ? `Only the last hour is shown; ${earlier}, shows more.` : '';
  const who = 'userId' in subject ? `user ${subject.userId}` : `item ${subject.itemId}`;
  const remedy = since === 'beginning' ? 'compare the id' : `try ${earlier}`;
  return `The log has nothing of ${who} since ${since ?? DEFAULT_SINCE}: ${remedy}.`;
}
