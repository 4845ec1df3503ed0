/**
 * A client of the Schema Registry's REST API, as Confluent defines it and Apicurio serves it under
 * `/apis/ccompat/v7`. It replaces `@kafkajs/confluent-schema-registry`, which reports an outage as status 400, like a
 * rejection, and has no call for compatibility (decision 0010).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { AvroRecord } from './avro.ts';
import { TributaryError } from './errors.ts';
import { redactUrl } from './redact-url.ts';

/**
 * The compatibility level of every subject. Old messages are read by new code (the log is replayed from its start),
 * and new messages by old code (stages are updated one by one), both against every version that was ever registered.
 */
export const COMPATIBILITY = 'FULL_TRANSITIVE';

/** The registry did not answer, or not validly. This says nothing about the message; the request may be retried. */
export class RegistryUnavailable extends TributaryError {
  constructor(reason: string, { cause }: ErrorOptions = {}) {
    super('registry.unavailable', reason, { cause, retryable: true, status: 503 });
  }
}

/** The registry rejected the request: an unknown subject, an incompatible schema, a missing permission. */
export class RegistryRefused extends TributaryError {
  constructor(
    code: 'registry.not-registered' | 'registry.refused',
    reason: string,
    { cause }: ErrorOptions = {},
  ) {
    super(code, reason, { cause });
  }
}

export interface RegistryOptions {
  /** Base address, for Apicurio with its path; a user and password in it are sent as basic authentication. */
  readonly url: string;
  /** Attempts of a request before it fails with RegistryUnavailable. Default 4. */
  readonly attempts?: number;
  /** Pause after the first failed attempt, in milliseconds; it doubles with each further one. Default 100. */
  readonly backoffMs?: number;
  /** Timeout of one attempt, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/**
 * Every call rejects with RegistryUnavailable (retryable) if no valid response came, and with RegistryRefused if the
 * registry rejected the request.
 */
export interface Registry {
  /** Base address without credentials, for messages. */
  readonly address: string;
  /** Returns the id of `schema` under `subject`; undefined if it is not registered there. */
  idOf(subject: string, schema: AvroRecord): Promise<number | undefined>;
  /** Returns the id of the newest version of `subject`; undefined if there is no such subject. */
  latestId(subject: string): Promise<number | undefined>;
  /**
   * Returns the schema of that id, parsed but not checked: it may be any Avro schema. Undefined if the id is unknown.
   */
  schemaOf(id: number): Promise<unknown>;
  /** Registers `schema` as the newest version of `subject`, unless it is registered there, and returns its id. */
  register(subject: string, schema: AvroRecord): Promise<number>;
  /** Returns whether `schema` could be registered next under `subject`; true if there is no such subject. */
  accepts(subject: string, schema: AvroRecord): Promise<boolean>;
  /** Returns the level set on the subject itself; undefined if the registry's default applies. */
  compatibilityOf(subject: string): Promise<string | undefined>;
  /** Sets the level of a subject, which need not exist yet. */
  setCompatibility(subject: string, level?: string): Promise<void>;
  /** Returns the names of all subjects. */
  subjects(): Promise<readonly string[]>;
}

export function createRegistry(options: RegistryOptions): Registry {
  const request = createRequest(options);
  const subjectPath = (subject: string) => `/subjects/${encodeURIComponent(subject)}`;
  const configPath = (subject: string) => `/config/${encodeURIComponent(subject)}`;
  const bodyOf = (schema: AvroRecord) => ({ schema: JSON.stringify(schema) });

  return {
    address: request.address,
    async idOf(subject, schema) {
      const found = await request.optional('POST', subjectPath(subject), bodyOf(schema));
      return found && request.numberIn(found, 'id');
    },
    async latestId(subject) {
      const found = await request.optional('GET', `${subjectPath(subject)}/versions/latest`);
      return found && request.numberIn(found, 'id');
    },
    async schemaOf(id) {
      // Some registries refuse an id that no schema can have, such as 0.
      const found = await request.optional('GET', `/schemas/ids/${id}`, undefined, NO_SUCH_ID);
      return found && parseSchema(request.textIn(found, 'schema'));
    },
    async register(subject, schema) {
      const registered = await request.required('POST', `${subjectPath(subject)}/versions`, bodyOf(schema));
      return request.numberIn(registered, 'id');
    },
    async accepts(subject, schema) {
      // Without a version the check covers all versions if the level is transitive.
      const path = `/compatibility${subjectPath(subject)}/versions`;
      const answer = await request.optional('POST', path, bodyOf(schema));
      return answer === undefined || answer.is_compatible === true;
    },
    async compatibilityOf(subject) {
      const found = await request.optional('GET', configPath(subject));
      return found && request.textIn(found, 'compatibilityLevel');
    },
    async setCompatibility(subject, level = COMPATIBILITY) {
      await request.required('PUT', configPath(subject), { compatibility: level });
    },
    async subjects() {
      return Object.values(await request.required('GET', '/subjects')).map(String);
    },
  };
}

const NO_SUCH_ID = [400, 422];

/** A registry also holds schemas of other languages, which are no JSON: such a text is no Avro schema, whatever asks for it. */
function parseSchema(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

type Answer = Readonly<Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
}

function createRequest({ url, attempts = 4, backoffMs = 100, timeoutMs = 5_000 }: RegistryOptions) {
  const { address, headers } = parseAddress(url);

  /** One attempt. A network error and a server error throw; any other response is returned, completely read. */
  async function tryOnce(method: string, path: string, body: object | undefined): Promise<Reply> {
    const response = await fetch(`${address}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // 429 asks the client to come back later, so it is retried. Apicurio answers 409 to a setting that another client
    // has just created; a retry changes it.
    const isRace = method === 'PUT' && response.status === 409;
    const text = await response.text();
    if (response.status >= 500 || response.status === 429 || isRace) {
      throw new Error(`status ${response.status}: ${reasonIn(text)}`);
    }
    return { status: response.status, ok: response.ok, text };
  }

  async function send(method: string, path: string, body?: object): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await tryOnce(method, path, body);
      } catch (cause) {
        if (attempt < attempts) {
          await delay(backoffMs * 2 ** (attempt - 1));
          continue;
        }
        throw new RegistryUnavailable(
          `The Schema Registry at ${address} does not answer ${method} ${path} (${describe(cause)}): ` +
            'start it, or point SCHEMA_REGISTRY_URL at it.',
          { cause },
        );
      }
    }
  }

  function parse({ text }: Reply): Answer {
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      throw new RegistryUnavailable(
        `The server at ${address} is not a Schema Registry: point SCHEMA_REGISTRY_URL at one (Apicurio: with /apis/ccompat/v7).`,
        { cause },
      );
    }
  }

  function refuse({ status, text }: Reply, method: string, path: string): never {
    throw new RegistryRefused(
      'registry.refused',
      `The Schema Registry at ${address} refused ${method} ${path} with status ${status}: ${reasonIn(text)}`,
    );
  }

  return {
    address,
    async required(method: string, path: string, body?: object): Promise<Answer> {
      const reply = await send(method, path, body);
      return reply.ok ? parse(reply) : refuse(reply, method, path);
    },
    /** Undefined if the registry reports that the requested entity does not exist. */
    async optional(
      method: string,
      path: string,
      body?: object,
      missing: readonly number[] = [],
    ): Promise<Answer | undefined> {
      const reply = await send(method, path, body);
      if (missing.includes(reply.status)) return undefined;
      if (reply.ok) return parse(reply);
      if (reply.status !== 404) return refuse(reply, method, path);
      // A 404 of another server (a proxy, a wrong path) must not count as "not registered".
      const { error_code: code } = parse(reply);
      if (typeof code === 'number' && REGISTRY_NOT_FOUND.has(code)) return undefined;
      throw new RegistryUnavailable(
        `The server at ${address} is not a Schema Registry: it has no ${path}. Apicurio needs the path /apis/ccompat/v7.`,
      );
    },
    numberIn(answer: Answer, name: string): number {
      const value = answer[name];
      if (typeof value !== 'number') throw misshapen(address, name, answer);
      return value;
    },
    textIn(answer: Answer, name: string): string {
      const value = answer[name];
      if (typeof value !== 'string') throw misshapen(address, name, answer);
      return value;
    },
  };
}

/** Error codes for a missing subject, version, schema and level of a subject, in Confluent's numbering. */
const REGISTRY_NOT_FOUND: ReadonlySet<number> = new Set([40401, 40402, 40403, 40408]);

function parseAddress(url: string): { address: string; headers: Record<string, string> } {
  // The error of URL would carry the credentials.
  if (!URL.canParse(url))
    throw new TributaryError('config.invalid', `SCHEMA_REGISTRY_URL is no URL: ${redactUrl(url)}`);
  const parsed = new URL(url);
  const headers: Record<string, string> = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  if (parsed.username !== '') {
    const credentials = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  return { address: `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`, headers };
}

function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text.slice(0, 200);
  }
}

/** fetch reports only "fetch failed" and keeps the reason in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function misshapen(address: string, name: string, answer: Answer): RegistryUnavailable {
  return new RegistryUnavailable(
    `The Schema Registry at ${address} answered without ${name}: ${JSON.stringify(answer).slice(0, 200)}`,
  );
}
