import { TributaryError } from '#contracts/errors.ts';

/** The only declaration of a setting: the environment is read by it, and the tables of the READMEs are made from it. */
export interface Setting<T> {
  readonly variable: string;
  /** The value where the variable is not set; undefined where it must be set. */
  readonly fallback: T | undefined;
  /** The fallback as the environment would hold it. */
  readonly fallbackText: string;
  /** Completes "VARIABLE must be …": `a whole number from 1 to 9`. */
  readonly accepts: string;
  /** Description for tables and messages, without a full stop; it begins lower-case unless with a name. */
  readonly summary: string;
  /** Returns the value, or undefined if the text is not accepted. */
  readonly parse: (text: string) => T | undefined;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A number from `minimum` to `maximum`; `unit` is for people only (ms, days, items …). */
export function number(
  variable: string,
  options: {
    fallback?: number;
    minimum: number;
    maximum: number;
    integer?: boolean;
    unit?: string;
    summary: string;
  },
): Setting<number> {
  const { fallback, minimum, maximum, integer = false, unit, summary } = options;
  const kind = integer ? 'a whole number' : 'a number';
  return {
    variable,
    fallback,
    fallbackText: fallback === undefined ? '' : String(fallback),
    accepts: `${kind}${unit === undefined ? '' : ` of ${unit}`} from ${minimum} to ${maximum}`,
    summary,
    parse(text) {
      const value = Number(text);
      const fits = text.trim() !== '' && Number.isFinite(value) && value >= minimum && value <= maximum;
      return fits && (!integer || Number.isInteger(value)) ? value : undefined;
    },
  };
}

/** A non-empty text. */
export function text(variable: string, options: { fallback?: string; summary: string }): Setting<string> {
  const { fallback, summary } = options;
  return {
    variable,
    fallback,
    fallbackText: fallback ?? '',
    accepts: 'a non-empty text',
    summary,
    parse: (value) => value.trim() || undefined,
  };
}

/** A comma-separated list of texts. */
export function list(
  variable: string,
  options: { fallback?: readonly string[]; summary: string },
): Setting<readonly string[]> {
  const { fallback, summary } = options;
  return {
    variable,
    fallback,
    fallbackText: (fallback ?? []).join(','),
    accepts: 'a comma-separated list',
    summary,
    parse(value) {
      const parts = value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      return parts.length === 0 ? undefined : parts;
    },
  };
}

/** One of several words. */
export function choice<C extends string>(
  variable: string,
  choices: readonly C[],
  options: { fallback?: C; summary: string },
): Setting<C> {
  const { fallback, summary } = options;
  return {
    variable,
    fallback,
    fallbackText: fallback ?? '',
    accepts: `one of ${choices.join(', ')}`,
    summary,
    parse: (value) => choices.find((candidate) => candidate === value.trim()),
  };
}

/** Numbers by name, written `buy=3,view=1`; names that are left out keep the fallback's value. */
export function weights<K extends string>(
  variable: string,
  fallback: Readonly<Record<K, number>>,
  options: { summary: string },
): Setting<Readonly<Record<K, number>>> {
  const names = Object.keys(fallback) as K[];
  return {
    variable,
    fallback,
    fallbackText: names.map((name) => `${name}=${fallback[name]}`).join(','),
    accepts: `a list such as ${names[0]}=1 with names among ${names.join(', ')}`,
    summary: options.summary,
    parse(value) {
      const result: Record<K, number> = { ...fallback };
      for (const part of value.split(',')) {
        const [name, amount] = part.split('=').map((piece) => piece.trim());
        const known = names.find((candidate) => candidate === name);
        const parsed = amount === undefined || amount === '' ? Number.NaN : Number(amount);
        if (known === undefined || !Number.isFinite(parsed)) return undefined;
        result[known] = parsed;
      }
      return result;
    },
  };
}

/**
 * Reads all settings at once.
 * @throws TributaryError `config.invalid` that lists every fault, not only the first
 */
export function readConfig<S extends Settings>(
  settings: S,
  environment: Readonly<Record<string, string | undefined>>,
): Values<S> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const given = environment[setting.variable];
    if (given === undefined || given === '') {
      if (setting.fallback === undefined) faults.push(`${setting.variable} is missing: ${setting.summary}`);
      values[name] = setting.fallback;
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) {
      faults.push(`${setting.variable} must be ${setting.accepts}, but is "${given}": ${setting.summary}`);
    }
    values[name] = value;
  }
  if (faults.length > 0) throw new TributaryError('config.invalid', faults.join('\n'));
  return values as Values<S>;
}

/** Settings that every stage has, beside its port. */
export const PLATFORM_SETTINGS = {
  brokers: list('KAFKA_BROKERS', {
    fallback: ['127.0.0.1:9092'],
    summary: 'Kafka brokers, each written host:port',
  }),
  registryUrl: text('SCHEMA_REGISTRY_URL', {
    fallback: 'http://127.0.0.1:8081',
    summary: 'base address of the Schema Registry',
  }),
  redisUrl: text('REDIS_URL', { fallback: 'redis://127.0.0.1:6379', summary: 'address of Redis' }),
  // An empty namespace is valid, so the variable cannot be "missing".
  namespace: text('TRIBUTARY_NAMESPACE', {
    fallback: '',
    summary: 'prefix of topics, consumer groups and Redis keys, so that one cluster can carry many tenants',
  }),
  host: text('TRIBUTARY_STAGE_HOST', { fallback: '127.0.0.1', summary: 'address that the stage listens on' }),
  logLevel: choice('TRIBUTARY_LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    fallback: 'info',
    summary: 'lowest level that is logged',
  }),
  drainDeadlineMs: number('TRIBUTARY_DRAIN_DEADLINE_MS', {
    fallback: 20_000,
    minimum: 1_000,
    maximum: 120_000,
    integer: true,
    unit: 'ms',
    summary: 'time that the stage may take to drain; keep it below the grace period of the host',
  }),
} as const;

/** Returns the setting of a stage's port; each stage has its own default. */
export function portSetting(fallback: number): Setting<number> {
  return number('TRIBUTARY_STAGE_PORT', {
    fallback,
    minimum: 0,
    maximum: 65_535,
    integer: true,
    summary: 'port that the stage listens on; 0 takes a free one',
  });
}

export type PlatformConfig = Values<typeof PLATFORM_SETTINGS> & { readonly port: number };
export type ConfigOf<S extends Settings> = Values<S>;
