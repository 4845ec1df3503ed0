import { TributaryError } from '#contracts/errors.ts';
import { redactUrl } from '#contracts/redact-url.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

/**
 * `redis://[[user]:password@]host[:port][/database]`. The last @ ends the password, so that it may hold every character
 * as it is; percent-encoding is decoded where it is valid.
 */
const PATTERN = /^(rediss?):\/\/(?:(.*)@)?(\[[0-9a-fA-F:.]+\]|[^@:/?#[\]\s]+)(?::(\d{1,5}))?(?:\/(\d*))?$/s;

/** @throws TributaryError `config.invalid`, without the password */
export function parseRedisUrl(url: string): RedisAddress {
  const match = PATTERN.exec(url.trim());
  if (match === null) {
    const form = 'redis://[user:password@]host[:port][/database]';
    throw new TributaryError(
      'config.invalid',
      `REDIS_URL must have the form ${form}, or rediss:// for TLS, but is "${redactUrl(url)}"; write special characters of the password as %XX if in doubt`,
    );
  }
  const [, scheme, credentials, host, port, database] = match;
  return {
    host: host!.replace(/^\[|\]$/g, ''),
    port: Number(port ?? 6_379),
    ...(database === undefined || database === '' ? {} : { db: Number(database) }),
    ...credentialsOf(credentials),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  };
}

function credentialsOf(text: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (text === undefined || text === '') return {};
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? undefined : decode(text.slice(colon + 1));
  return {
    ...(username === '' ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % belongs to the password.
    return text;
  }
}
