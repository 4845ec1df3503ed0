import { type ExperimentBook, experimentFault } from '#contracts/domain/experiments.ts';
import type { Experiment, ExperimentArm, ExperimentLearning } from '#contracts/generated/records.ts';

/** What to write, or why nothing is written. */
export type ExperimentDecision = { readonly write: Experiment } | { readonly refusal: string };

export interface StartWish {
  readonly name: string;
  readonly arms: readonly ExperimentArm[];
  /** Whether arms share what is learned; by default they do. */
  readonly learning?: ExperimentLearning | undefined;
}

/**
 * Parses `name=policy`, `name=policy(setting=value):share`, `name` and `name:share`; without a policy the arm has that which rerank is set to. Shares are 1 by
 * default.
 * @throws RangeError for any other text
 */
export function parseArm(text: string): ExperimentArm {
  const match = /^([^=:()]+)(?:=([^=:()]*(?:\([^:()]*\))?))?(?::([^=:()]+))?$/.exec(text);
  const share = Number(match?.[3] ?? 1);
  if (match === null || !(share > 0 && share < Number.POSITIVE_INFINITY))
    throw new RangeError(
      `“${text}” is no arm: write name=policy or name=policy:share, such as control or new=greedy:0.1.`,
    );
  return { name: match[1]!, policy: match[2] ?? '', share };
}

/** One experiment runs at a time, because two would divide the same users. A name is used once: its division would be the same again. */
export function decideStart(
  book: ExperimentBook,
  { name, arms, learning = 'shared' }: StartWish,
  reasonAgainst: (policy: string) => string | undefined,
  now: number,
): ExperimentDecision {
  const { running } = book.inForce;
  if (running !== undefined) return { refusal: `${running.name} is running: stop or promote it first.` };
  if (book.get(name) !== undefined)
    return {
      refusal: `There was an experiment ${name}: choose another name, so that users are divided anew and slates are told apart.`,
    };
  for (const arm of arms) {
    const reason = arm.policy === '' ? undefined : reasonAgainst(arm.policy);
    if (reason !== undefined) return { refusal: `${arm.name}: ${reason}.` };
  }
  const write: Experiment = {
    name,
    state: 'running',
    arms: [...arms],
    promoted: null,
    startedAt: now,
    updatedAt: now,
    learning,
  };
  const fault = experimentFault({ value: write, key: name });
  return fault === undefined ? { write } : { refusal: `${fault.field} ${fault.reason}.` };
}

/** Ends a running experiment, or takes a promoted arm back; then the arm that was promoted before it serves, if its experiment was not stopped. */
export function decideStop(book: ExperimentBook, name: string, now: number): ExperimentDecision {
  const known = book.get(name);
  if (known === undefined) return { refusal: unknownExperiment(book, name) };
  if (known.state === 'stopped') return { refusal: `${name} is stopped already.` };
  return { write: { ...known, state: 'stopped', promoted: null, updatedAt: now } };
}

/** Lets one arm serve all users, and ends the experiment. */
export function decidePromotion(
  book: ExperimentBook,
  name: string,
  arm: string,
  now: number,
): ExperimentDecision {
  const known = book.get(name);
  if (known === undefined) return { refusal: unknownExperiment(book, name) };
  if (!known.arms.some((one) => one.name === arm))
    return {
      refusal: `${name} has no arm ${arm}; its arms are ${known.arms.map((one) => one.name).join(', ')}.`,
    };
  return { write: { ...known, state: 'promoted', promoted: arm, updatedAt: now } };
}

/**
 * Returns what a change means for the slates from now on, in a sentence; undefined where the state of the experiment says it all.
 * @param book with the change
 */
export function consequenceOf(book: ExperimentBook, changed: Experiment): string | undefined {
  const { running } = book.inForce;
  const [promoted] = book.declared
    .filter(({ state }) => state === 'promoted')
    .sort((a, b) => b.updatedAt - a.updatedAt);
  if (changed.state === 'running') {
    if (promoted === undefined || changed.arms.every(({ policy }) => policy !== '')) return undefined;
    return `${promoted.name} is promoted (${promoted.promoted}): where an arm of ${changed.name} names no policy, its users go back to the set policy.`;
  }
  if (running !== undefined)
    return `${running.name} is running, and divides all users until it is stopped or promoted.`;
  if (promoted === undefined) return 'Everybody is served by the set policy.';
  const policy = promoted.arms.find(({ name }) => name === promoted.promoted)?.policy || 'the set policy';
  if (promoted.name === changed.name) return `Everybody is served by ${policy}.`;
  return `${promoted.name} is still promoted, so that its arm ${promoted.promoted} (${policy}) serves everybody: stop ${promoted.name} too to serve the set policy.`;
}

export function unknownExperiment(book: ExperimentBook, name: string): string {
  const names = book.declared.map((one) => one.name);
  return `There is no experiment ${name}${names.length === 0 ? '' : `; there are ${names.join(', ')}`}.`;
}
