/** The address with *** for credentials. It works for every URL, also for one that cannot be parsed. */
export function redactUrl(url: string): string {
  return url.replace(
    /^(\s*[a-z][a-z0-9+.-]*:\/\/)?(.*)@/is,
    (_all, scheme: string | undefined) => `${scheme ?? ''}***@`,
  );
}
