/** See setup-error.mjs. Neither text has a closing full stop. */
export class SetupError extends Error {
  readonly problem: string;
  readonly remedy: string;
  constructor(problem: string, remedy: string);
}
