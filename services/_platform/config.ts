import { TributaryError } from '#contracts/errors.ts';
import { fileVariable, readSecret } from '#contracts/secret-file.ts';
import {
  type KafkaSecurity,
  kafkaSecurity,
  SASL_MECHANISMS,
  securityFaults,
} from '#topics/kafka/security.ts';

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
  /** Whether the value may come from a file, and no message repeats it. */
  readonly secret?: boolean;
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

/** A non-empty text that is, or may contain, a password: the variable holds it, or `<variable>_FILE` names a file with it. */
export function secret(variable: string, options: { fallback?: string; summary: string }): Setting<string> {
  return { ...text(variable, options), secret: true };
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
  { summary, most = Number.MAX_VALUE }: { summary: string; most?: number },
): Setting<Readonly<Record<K, number>>> {
  const names = Object.keys(fallback) as K[];
  const bounds = most === Number.MAX_VALUE ? '' : `, and numbers from -${most} to ${most}`;
  return {
    variable,
    fallback,
    fallbackText: names.map((name) => `${name}=${fallback[name]}`).join(','),
    accepts: `a list such as ${names[0]}=1 with names among ${names.join(', ')}${bounds}`,
    summary,
    parse(value) {
      const result: Record<K, number> = { ...fallback };
      const given = new Set<K>();
      for (const part of value.split(',')) {
        const [name, amount] = part.split('=').map((piece) => piece.trim());
        const known = names.find((candidate) => candidate === name);
        const parsed = amount === undefined || amount === '' ? Number.NaN : Number(amount);
        if (known === undefined || given.has(known) || !(Math.abs(parsed) <= most)) return undefined;
        given.add(known);
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
    const read = setting.secret ? readSecret(setting.variable, environment) : undefined;
    if (read !== undefined && 'fault' in read) {
      faults.push(read.fault);
      continue;
    }
    const given = read === undefined ? environment[setting.variable] : read.text;
    if (given === undefined || given === '') {
      if (setting.fallback === undefined) faults.push(`${setting.variable} is missing: ${setting.summary}`);
      values[name] = setting.fallback;
      continue;
    }
    const value = setting.parse(given);
    if (value === undefined) {
      const shown = setting.secret ? '' : `, but is "${given}"`;
      faults.push(`${setting.variable} must be ${setting.accepts}${shown}: ${setting.summary}`);
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
  kafkaTls: choice('KAFKA_TLS', ['true', 'false'], {
    fallback: 'false',
    summary: 'whether the connections to Kafka are encrypted',
  }),
  kafkaCa: secret('KAFKA_CA', {
    fallback: '',
    summary:
      'certificates in PEM of the authority that signed those of the brokers; empty trusts the authorities of the system',
  }),
  kafkaUsername: text('KAFKA_USERNAME', {
    fallback: '',
    summary: 'user as whom the stage reads and writes Kafka; empty sends no credentials',
  }),
  kafkaPassword: secret('KAFKA_PASSWORD', { fallback: '', summary: 'password of that user' }),
  kafkaMechanism: choice('KAFKA_SASL_MECHANISM', SASL_MECHANISMS, {
    fallback: 'scram-sha-512',
    summary: 'mechanism by which that user is authenticated',
  }),
  registryUrl: secret('SCHEMA_REGISTRY_URL', {
    fallback: 'http://127.0.0.1:8081',
    summary: 'base address of the Schema Registry; it may contain a user and password',
  }),
  redisUrl: secret('REDIS_URL', {
    fallback: 'redis://127.0.0.1:6379',
    summary: 'address of Redis, or of any node of a Redis Cluster; it may contain a user and password',
  }),
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
  // The name that OpenTelemetry gives it, so that a cluster that sets it for all its programs sets it for these too.
  collectorUrl: text('OTEL_EXPORTER_OTLP_ENDPOINT', {
    fallback: '',
    summary:
      'base address of a collector that takes the traces of OpenTelemetry as OTLP over HTTP, such as http://collector:4318; empty records none',
  }),
  traceShare: number('TRIBUTARY_TRACE_SHARE', {
    fallback: 0.01,
    minimum: 0,
    maximum: 1,
    summary:
      'share of the traces that begin at a stage which are recorded, where there is a collector; a trace that an app began is recorded if the app records it',
  }),
  startPatienceMs: number('TRIBUTARY_START_PATIENCE_MS', {
    fallback: 0,
    minimum: 0,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary:
      'time that a stage which starts waits for the Schema Registry, its schemas, Kafka and Redis, where all starts at once; 0 stops at the first failure of the registry, after a minute without Kafka and after 20 s without Redis',
  }),
  farewellMs: number('TRIBUTARY_FAREWELL_MS', {
    fallback: 1_000,
    minimum: 0,
    maximum: 60_000,
    integer: true,
    unit: 'ms',
    summary:
      'most time of a drain in which clients with open connections are answered, and told to close them; longer than clients keep idle connections, no request meets a connection that has just been closed',
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

/** @throws TributaryError `config.invalid` for settings that contradict each other */
export function kafkaSecurityOf(config: Values<typeof PLATFORM_SETTINGS>): KafkaSecurity {
  const credentials = {
    tls: config.kafkaTls === 'true',
    ca: config.kafkaCa,
    username: config.kafkaUsername,
    password: config.kafkaPassword,
    mechanism: config.kafkaMechanism,
  };
  const faults = securityFaults(credentials);
  if (faults.length > 0) throw new TributaryError('config.invalid', faults.join('\n'));
  return kafkaSecurity(credentials);
}

/** Returns the variables that may hold a secret or, with `_FILE`, name its file. */
export function secretVariables(settings: Settings): string[] {
  return Object.values(settings)
    .filter((setting) => setting.secret)
    .flatMap(({ variable }) => [variable, fileVariable(variable)]);
}
export type ConfigOf<S extends Settings> = Values<S>;
