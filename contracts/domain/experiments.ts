/** Which experiment holds, as the topic `experiments` says. */
import type { Fault } from '../fault.ts';
import type { Experiment, ExperimentArm } from '../generated/records.ts';
import { keyFault, type Logged } from './logged.ts';

/** Arms of an experiment, at most. */
export const MOST_ARMS = 16;

/** Shares of arms: beyond these, sums of shares and their logarithms are no longer numbers, and an arm has no user. */
const [LEAST_SHARE, MOST_SHARE] = [1e-6, 1e6];

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Returns why the record is no experiment; undefined if it is one. */
export function experimentFault({
  value,
  key,
}: Pick<Logged<Experiment>, 'value' | 'key'>): Fault | undefined {
  const { name, arms, state, promoted } = value;
  const inKey = keyFault(name, key);
  if (inKey !== undefined) return inKey;
  if (!NAME.test(name)) return nameFault('name', name);
  if (arms.length < 2 || arms.length > MOST_ARMS)
    return invalid('arms', `has ${arms.length} arms; it must have 2 to ${MOST_ARMS}`);
  for (const [index, arm] of arms.entries()) {
    if (!NAME.test(arm.name)) return nameFault(`arms[${index}].name`, arm.name);
    if (arms.findIndex((other) => other.name === arm.name) !== index)
      return invalid(`arms[${index}].name`, `is ${arm.name} as that of another arm`);
    if (!(arm.share >= LEAST_SHARE && arm.share <= MOST_SHARE))
      return invalid(
        `arms[${index}].share`,
        `is ${arm.share}; it must be positive, from ${LEAST_SHARE} to ${MOST_SHARE}`,
      );
  }
  const isArm = arms.some((arm) => arm.name === promoted);
  if (state === 'promoted' && !isArm) return invalid('promoted', `is ${promoted}, which is no arm`);
  return undefined;
}

function nameFault(field: string, name: string): Fault {
  return invalid(
    field,
    `is ${JSON.stringify(name)}; it must be 1 to 64 lower-case letters, digits and hyphens`,
  );
}

function invalid(field: string, reason: string): Fault {
  return { code: 'field.invalid', field, reason };
}

/** What holds at the moment: a running experiment goes before a promoted arm. */
export interface ExperimentsInForce {
  readonly running: Experiment | undefined;
  readonly promoted: ExperimentArm | undefined;
}

/** The newest state of each experiment. */
export class ExperimentBook {
  readonly #byName = new Map<string, Experiment>();
  #inForce: ExperimentsInForce = { running: undefined, promoted: undefined };

  /** Notes a message of the topic; a tombstone forgets the experiment. Returns the fault of an invalid one, which is skipped. */
  declare(key: string, value: Experiment | null): Fault | undefined {
    const fault = value === null ? undefined : experimentFault({ value, key });
    if (fault !== undefined) return fault;
    if (value === null) this.#byName.delete(key);
    else this.#byName.set(key, value);
    this.#inForce = this.#compute();
    return undefined;
  }

  get(name: string): Experiment | undefined {
    return this.#byName.get(name);
  }

  /** All experiments, the newest first. */
  get declared(): Experiment[] {
    return [...this.#byName.values()].sort((a, b) => b.startedAt - a.startedAt || (a.name < b.name ? -1 : 1));
  }

  /** Of several that run, which the command line prevents, that which started last counts; of several promoted ones the last promoted. */
  get inForce(): ExperimentsInForce {
    return this.#inForce;
  }

  #compute(): ExperimentsInForce {
    const { declared } = this;
    const latest = declared
      .filter(({ state }) => state === 'promoted')
      .reduce<Experiment | undefined>(
        (a, b) => (a !== undefined && a.updatedAt >= b.updatedAt ? a : b),
        undefined,
      );
    return {
      running: declared.find(({ state }) => state === 'running'),
      promoted: latest?.arms.find(({ name }) => name === latest.promoted),
    };
  }
}

const SEPARATOR = '/';

/** What a slate says of its arm in the field `experiment`. */
export function exposureOf(experiment: string, arm: string): string {
  return `${experiment}${SEPARATOR}${arm}`;
}

/** Whether the text names an experiment and an arm. */
export function isExposure(text: string): boolean {
  const [experiment = '', arm = '', ...rest] = text.split(SEPARATOR);
  return NAME.test(experiment) && NAME.test(arm) && rest.length === 0;
}

/** The experiment that the exposure of a slate names. */
export function experimentOfExposure(exposure: string): string {
  return exposure.split(SEPARATOR)[0]!;
}

/** The arm that the exposure of a slate names, if it is of the experiment. */
export function armOfExposure(exposure: string | null, experiment: string): string | undefined {
  const start = `${experiment}${SEPARATOR}`;
  return exposure?.startsWith(start) ? exposure.slice(start.length) : undefined;
}
