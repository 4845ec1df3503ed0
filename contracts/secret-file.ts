/** Secrets that the environment holds, or names a file of: `REDIS_URL`, or `REDIS_URL_FILE=/run/secrets/redis-url`. */
import { readFileSync } from 'node:fs';

/** Either the text, undefined if none is given, or why it cannot be read; the reason never contains the secret. */
export type SecretText = { readonly text: string | undefined } | { readonly fault: string };

/** Returns the variable that names the file of a secret. */
export function fileVariable(variable: string): string {
  return `${variable}_FILE`;
}

/**
 * Reads a secret from its variable, or from the file that `<variable>_FILE` names. White space around the content of a file
 * does not count, because editors end files with a newline.
 */
export function readSecret(
  variable: string,
  environment: Readonly<Record<string, string | undefined>>,
): SecretText {
  const pointer = fileVariable(variable);
  const [given, path] = [environment[variable], environment[pointer]];
  if (path === undefined || path === '') return { text: given };
  if (given !== undefined && given !== '') {
    return { fault: `${variable} and ${pointer} are both set: unset one of them` };
  }
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return { text };
    return { fault: `${pointer} names "${path}", which is empty: write the value of ${variable} into it` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      fault: `${pointer} names "${path}", which cannot be read (${code}): mount it, or correct the path`,
    };
  }
}
