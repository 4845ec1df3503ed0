/** See java.mjs. */
export function findJava(
  env: NodeJS.ProcessEnv,
  minimum: number,
  installed?: string,
): { java: string; home: string; major: number };
