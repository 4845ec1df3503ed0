export const SIGNALS: readonly ('SIGINT' | 'SIGTERM' | 'SIGHUP')[];

/** See foreground.mjs. */
export function runForeground(
  command: string,
  args: readonly string[],
  options?: { cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<number>;
