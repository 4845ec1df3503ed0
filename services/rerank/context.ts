import { DEVICES, type Device, SURFACE_PATTERN } from '#contracts/domain/request-context.ts';
import { CONTEXT_PREFIX } from './columns.ts';
import type { Pool } from './pools/pool.ts';

/** The request and the user as numbers. */
export interface SlateContext {
  /** Names of columns, each beginning with `at.`; numbers that are 0 are left out. */
  readonly names: readonly string[];
  readonly values: readonly number[];
}

export interface ContextInput {
  readonly surface?: string | undefined;
  readonly device?: Device | undefined;
  /** What else holds, as the app names it. */
  readonly context?: readonly string[] | undefined;
  readonly pool: Pick<Pool, 'recent' | 'lastReceivedAt'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A history of so many items counts as a full one. */
const FULL_HISTORY = 400;
const DAY_MS = 86_400_000;
/** The offset of a zone changes at whole quarters of an hour. */
const QUARTER_MS = 900_000;

/**
 * - `at.history`: log(1 + items of the window)/log(401), 0 to 1
 * - `at.idle`: 2^(−days since the last action), 1 for one that has just acted, 0 without any
 * - `at.weekend`, `at.night`, `at.morning`, `at.evening`: 1 in it, by the clock of the zone; the afternoon is none of them
 * - `at.surface-<name>`: 1 on that surface, and on `other` for one that the app does not declare; `at.device-<name>`: 1 on that device
 * - `at.context-<name>`: 1 where the app says that it holds, and on `other` for one that is not declared
 * @param surfaces that are told apart
 * @param contexts that are told apart; none by default
 * @param zone of the app, such as Europe/Berlin
 */
export function createContexts(options: {
  readonly surfaces: readonly string[];
  readonly contexts?: readonly string[];
  readonly zone: string;
}): (input: ContextInput) => SlateContext {
  const surfaces = new Set(options.surfaces);
  const contexts = new Set(options.contexts);
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: options.zone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  });
  let quarter = Number.NaN;
  let times: readonly string[] = [];

  function timesAt(now: number): readonly string[] {
    if (Math.floor(now / QUARTER_MS) === quarter) return times;
    quarter = Math.floor(now / QUARTER_MS);
    const parts = new Map(clock.formatToParts(now).map(({ type, value }) => [type, value]));
    const hour = Number(parts.get('hour'));
    const part = hour < 6 ? 'night' : hour < 12 ? 'morning' : hour < 18 ? undefined : 'evening';
    const isWeekend = ['Sat', 'Sun'].includes(parts.get('weekday')!);
    times = [...(isWeekend ? ['weekend'] : []), ...(part === undefined ? [] : [part])];
    return times;
  }

  return ({ surface, device, context = [], pool: { recent, lastReceivedAt }, now }) => {
    const numbers = new Map<string, number>();
    numbers.set('history', Math.min(1, Math.log1p(recent.size) / Math.log1p(FULL_HISTORY)));
    numbers.set('idle', lastReceivedAt === null ? 0 : 2 ** (-Math.max(0, now - lastReceivedAt) / DAY_MS));
    for (const name of timesAt(now)) numbers.set(name, 1);
    if (surface !== undefined) numbers.set(`surface-${surfaces.has(surface) ? surface : 'other'}`, 1);
    if (device !== undefined) numbers.set(`device-${device}`, 1);
    for (const name of context) numbers.set(`context-${contexts.has(name) ? name : 'other'}`, 1);
    const entries = [...numbers].filter(([, value]) => value !== 0);
    return {
      names: entries.map(([name]) => `${CONTEXT_PREFIX}${name}`),
      values: entries.map(([, value]) => value),
    };
  };
}

const TIMES_OF_DAY = ['weekend', 'night', 'morning', 'evening'];

/** Whether a slate can have the name as its context, without `at.`. */
export function isContextName(name: string): boolean {
  const [, kind, value = ''] = /^(surface|device|context)-(.+)$/.exec(name) ?? [];
  if (kind === undefined) return ['history', 'idle', ...TIMES_OF_DAY].includes(name);
  return kind === 'device' ? (DEVICES as readonly string[]).includes(value) : isNameInRequest(value);
}

/** Whether a request can name such a surface or context. */
export function isNameInRequest(name: string): boolean {
  return new RegExp(SURFACE_PATTERN).test(name);
}

export const NO_CONTEXT: SlateContext = { names: [], values: [] };

/** Whether the text names a zone that this engine knows. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}
