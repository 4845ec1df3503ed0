/** Says that the log has nothing of a user or an item, with the remedy. @param since as it was given */
export function nothingOf(subject: string, since: string): string {
  const said = `The log has nothing of ${subject} since ${since}: compare the id`;
  return since === 'beginning' ? `${said}.` : `${said}, or try --since beginning.`;
}
