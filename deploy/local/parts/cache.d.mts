/** The folder that keeps what was brought, across clones: `TRIBUTARY_CACHE`, or `~/.cache/tributary`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string;
