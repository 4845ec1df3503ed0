/** Gives variables of this process their former values, so that what is started next does not take the servers of before for ones to use. */
export function restoreEnvironment(
  names: readonly string[],
  before: Readonly<Record<string, string | undefined>>,
): void {
  for (const name of names) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
}
