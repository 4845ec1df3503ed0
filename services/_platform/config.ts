import { TributaryError } from '#contracts/errors.ts';

/** How one setting is read from the environment. */
export interface Setting<T> {
  readonly variable: string;
  readonly fallback: T | undefined;
  readonly summary: string;
  /** Returns the value, or throws an Error whose message completes "VARIABLE must be …". */
  readonly parse: (text: string) => T;
}

type Values<S extends Record<string, Setting<unknown>>> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A number of a range; `unit` is only for people (ms, days, items …). */
export function number(
  variable: string,
  options: { fallback?: number; minimum: number; maximum: number; integer?: boolean; summary: string },
): Setting<number> {
  const { minimum, maximum, integer = false } = options;
  return {
    variable,
    fallback: options.fallback,
    summary: options.summary,
    parse(text) {
      const value = Number(text);
      const fits = text.trim() !== '' && Number.isFinite(value) && value >= minimum && value <= maximum;
      if (!fits || (integer && !Number.isInteger(value))) {
        throw new Error(`${integer ? 'a whole number' : 'a number'} from ${minimum} to ${maximum}`);
      }
      return value;
    },
  };
}

/** A non-empty text. */
export function text(variable: string, options: { fallback?: string; summary: string }): Setting<string> {
  return {
    variable,
    fallback: options.fallback,
    summary: options.summary,
    parse(value) {
      if (value.trim() === '') throw new Error('a non-empty text');
      return value.trim();
    },
  };
}

/** A comma-separated list of texts. */
export function list(variable: string, options: { fallback?: string[]; summary: string }): Setting<string[]> {
  return {
    variable,
    fallback: options.fallback,
    summary: options.summary,
    parse(value) {
      const parts = value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
      if (parts.length === 0) throw new Error('a comma-separated list');
      return parts;
    },
  };
}

/** One of a few words. */
export function choice<C extends string>(
  variable: string,
  choices: readonly C[],
  options: { fallback?: C; summary: string },
): Setting<C> {
  return {
    variable,
    fallback: options.fallback,
    summary: options.summary,
    parse(value) {
      const found = choices.find((candidate) => candidate === value.trim());
      if (found === undefined) throw new Error(`one of ${choices.join(', ')}`);
      return found;
    },
  };
}

/** Numbers by name, written `buy=3,view=1`; names that are not given keep the fallback's value. */
export function weights<K extends string>(
  variable: string,
  fallback: Readonly<Record<K, number>>,
  options: { summary: string },
): Setting<Readonly<Record<K, number>>> {
  const names = Object.keys(fallback) as K[];
  return {
    variable,
    fallback,
    summary: options.summary,
    parse(value) {
      const result: Record<K, number> = { ...fallback };
      for (const part of value.split(',')) {
        const [name, amount] = part.split('=').map((piece) => piece.trim());
        const known = names.find((candidate) => candidate === name);
        const parsed = amount === undefined || amount === '' ? Number.NaN : Number(amount);
        if (known === undefined || !Number.isFinite(parsed)) {
          throw new Error(`a list such as ${names[0]}=1 with names among ${names.join(', ')}`);
        }
        result[known] = parsed;
      }
      return result;
    },
  };
}

/**
 * Reads all settings at once.
 * @throws TributaryError `config.invalid` that lists every fault, not only the first.
 */
export function readConfig<S extends Record<string, Setting<unknown>>>(
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
    try {
      values[name] = setting.parse(given);
    } catch (error) {
      faults.push(
        `${setting.variable} must be ${(error as Error).message}, but is "${given}": ${setting.summary}`,
      );
    }
  }
  if (faults.length > 0) throw new TributaryError('config.invalid', faults.join('\n'));
  return values as Values<S>;
}

/** Settings that every stage shares. */
export const PLATFORM_SETTINGS = {
  brokers: list('KAFKA_BROKERS', {
    fallback: ['127.0.0.1:9092'],
    summary: 'Kafka brokers as host:port,host:port',
  }),
  registryUrl: text('SCHEMA_REGISTRY_URL', {
    fallback: 'http://127.0.0.1:8081',
    summary: 'base address of the Schema Registry',
  }),
  redisUrl: text('REDIS_URL', { fallback: 'redis://127.0.0.1:6379', summary: 'address of Redis' }),
  // An empty namespace is the default one, so the variable cannot be "missing".
  namespace: text('TRIBUTARY_NAMESPACE', {
    fallback: '',
    summary: 'prefix of topics, groups and Redis keys; lets one cluster carry many tenants',
  }),
  host: text('TRIBUTARY_STAGE_HOST', { fallback: '127.0.0.1', summary: 'address that the stage listens on' }),
  port: number('TRIBUTARY_STAGE_PORT', {
    fallback: 0,
    minimum: 0,
    maximum: 65_535,
    integer: true,
    summary: 'port that the stage listens on; 0 takes a free one',
  }),
  logLevel: choice('TRIBUTARY_LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    fallback: 'info',
    summary: 'least level that is logged',
  }),
  drainDeadlineMs: number('TRIBUTARY_DRAIN_DEADLINE_MS', {
    fallback: 20_000,
    minimum: 1_000,
    maximum: 120_000,
    integer: true,
    summary: 'milliseconds a stage may take to drain; keep it below the grace period of its host',
  }),
} as const;

export type PlatformConfig = Values<typeof PLATFORM_SETTINGS>;
export type ConfigOf<S extends Record<string, Setting<unknown>>> = Values<S>;
