/** The folder that keeps what was brought, across clones: `TRIBUTARY_CACHE`, or `~/.cache/tributary`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string;
/** See cache.mjs. */
export function fillOnce(cache: string, name: string, fill: (folder: string) => Promise<void>): Promise<void>;
