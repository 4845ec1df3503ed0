/** Examines the servers: Kafka, the Schema Registry, Redis, and their clocks. */
import { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import { reasonOf } from '#contracts/errors.ts';
import { redactUrl } from '#contracts/redact-url.ts';
import { createRegistry } from '#contracts/registry.ts';
import { planTopics } from '#topics/apply.ts';
import { withAdmin } from '#topics/connection.ts';
import { type GroupLag, groupLags } from '#topics/lag.ts';
import { type Change, renderChange } from '#topics/plan.ts';
import type { ProgramConfig } from '../config.ts';
import { DEAD_LETTER_WINDOW, type DeadLetterCount } from './dead-letters.ts';
import { type Finding, fault, ok, skipped, warning } from './finding.ts';
import { isListening } from './machine.ts';

/** A group that is further behind than this is named; a busy group is behind by the batches in its hands. */
const MANY_MESSAGES = 10_000;
/** Skew from which the bounds of event times come near (they are five and ten minutes). */
const SKEW_MS = 5_000;

export async function examineBroker(kafka: Kafka, { brokers }: ProgramConfig): Promise<Finding> {
  try {
    return await withAdmin(kafka, async (admin) => {
      const { brokers: alive, controller } = await admin.describeCluster();
      const { topics } = await admin.fetchTopicMetadata();
      const partitions = topics.flatMap(({ name, partitions: parts }) =>
        parts.map((part) => ({ name, ...part })),
      );
      const leaderless = partitions.filter(({ leader }) => leader < 0);
      const thin = partitions.filter(({ isr, replicas }) => isr.length < replicas.length);
      const named = (some: typeof partitions): string =>
        [...new Set(some.map(({ name }) => name))].slice(0, 5).join(', ');
      const size = `${alive.length} broker${alive.length === 1 ? '' : 's'} at ${brokers.join(', ')}`;
      if (leaderless.length > 0)
        return fault(
          'broker',
          `${leaderless.length} partitions have no leader (${named(leaderless)})`,
          'Start the brokers that are down; nothing can be written to these partitions.',
        );
      if (controller === null)
        return fault(
          'broker',
          `${size}, but no controller`,
          'Look at the log of the brokers: the cluster has elected no controller.',
        );
      if (thin.length > 0)
        return warning(
          'broker',
          `${size}; ${thin.length} partitions lack in-sync replicas (${named(thin)})`,
          'Start the brokers that are down: the loss of another one may stop writes.',
        );
      return ok('broker', `${size}, every partition has its leader and replicas`);
    });
  } catch (error) {
    const [host, port] = hostAndPort(brokers[0]!);
    const other = (await isListening(host, port))
      ? `a program listens on ${brokers[0]}, but it does not answer as Kafka does`
      : reasonOf(error);
    return fault('broker', other, 'Start Kafka, or point KAFKA_BROKERS at it; `tributary demo` starts one.');
  }
}

export async function examineRegistry({ registryUrl }: ProgramConfig): Promise<Finding> {
  const address = redactUrl(registryUrl);
  try {
    const { username, password, ...url } = splitCredentials(registryUrl);
    const authorization =
      username === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    const answer = await fetch(`${url.href.replace(/\/$/, '')}/subjects`, {
      headers: authorization,
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok)
      return fault(
        'registry',
        `${address} answers ${answer.status} to /subjects`,
        'Point SCHEMA_REGISTRY_URL at the API of the registry, for Apicurio with its path /apis/ccompat/v7.',
      );
    const subjects = (await answer.json()) as unknown[];
    return ok('registry', `${address} answers with ${subjects.length} subjects`);
  } catch (error) {
    return fault(
      'registry',
      `${address} does not answer (${causeOf(error)})`,
      'Start the Schema Registry, or point SCHEMA_REGISTRY_URL at it.',
    );
  }
}

function splitCredentials(text: string): { username: string; password: string; href: string } & object {
  const url = new URL(text);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  return { username: decodeURIComponent(username), password: decodeURIComponent(password), href: url.href };
}

/** What Redis says about itself: the sections of INFO, and its clock. */
export interface RedisFacts {
  readonly info: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export async function readRedis({ redisUrl }: ProgramConfig): Promise<RedisFacts | Error> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 3_000,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const [info, [seconds, micros]] = await Promise.all([
      redis.info(),
      redis.time() as unknown as Promise<[string, string]>,
    ]);
    const entries = info
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]);
    return {
      info: Object.fromEntries(entries),
      time: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    redis.disconnect();
  }
}

export function redisFindings(facts: RedisFacts | Error, address: string): Finding[] {
  if (facts instanceof Error)
    return [
      fault(
        'redis',
        `${redactUrl(address)} does not answer (${facts.message})`,
        'Start Redis, or point REDIS_URL at it.',
      ),
    ];
  const { info } = facts;
  const version =
    info.valkey_version === undefined ? `Redis ${info.redis_version}` : `Valkey ${info.valkey_version}`;
  const limited = info.maxmemory !== undefined && info.maxmemory !== '0';
  const findings = [ok('redis', `${version}, ${info.used_memory_human} in use`)];
  findings.push(
    limited && info.maxmemory_policy !== 'noeviction'
      ? fault(
          'redis eviction',
          `drops keys by ${info.maxmemory_policy} at ${info.maxmemory_human}: state would vanish unnoticed`,
          'Set maxmemory-policy to noeviction: `redis-cli config set maxmemory-policy noeviction`.',
        )
      : ok(
          'redis eviction',
          limited ? `keeps every key up to ${info.maxmemory_human}` : 'keeps every key; there is no limit',
        ),
  );
  const persists = info.aof_enabled === '1' || Number(info.rdb_last_save_time) > 0;
  const failing = info.rdb_last_bgsave_status === 'err' || info.aof_last_write_status === 'err';
  findings.push(
    failing
      ? fault(
          'redis persistence',
          'the last write to its disk failed',
          'Look at the log and the disk of Redis; writes may be refused.',
        )
      : persists
        ? ok(
            'redis persistence',
            info.aof_enabled === '1'
              ? 'appends each write to a file'
              : 'writes snapshots; after a restart the stages rebuild what is missing from the log',
          )
        : warning(
            'redis persistence',
            'keeps nothing on disk',
            'Set appendonly yes, so that a restart needs no rebuild; without it the stages rebuild their state from the log.',
          ),
  );
  return findings;
}

/** @param clocks of other machines, each with the moment on this clock at which it was read, ms */
export function clockFindings(
  clocks: ReadonlyArray<{
    readonly name: string;
    readonly theirs: number;
    readonly ours: number;
    readonly precisionMs: number;
  }>,
): Finding[] {
  return clocks.map(({ name, theirs, ours, precisionMs }) => {
    const skew = theirs - ours;
    const subject = `clock of ${name}`;
    if (Math.abs(skew) <= SKEW_MS + precisionMs)
      return ok(
        subject,
        `differs by ${precisionMs > 1 ? 'less than ' : ''}${Math.max(Math.abs(skew), precisionMs)} ms`,
      );
    return fault(
      subject,
      `is ${Math.abs(Math.round(skew / 1_000))} s ${skew > 0 ? 'ahead' : 'behind'}`,
      'Synchronise the clocks (chrony, systemd-timesyncd): actions five minutes ahead are rejected, and latencies between hosts are wrong.',
    );
  });
}

/** Reads the clock of a server that speaks HTTP from its header Date, which has whole seconds. */
export async function readHttpClock(name: string, url: string): Promise<Parameters<typeof clockFindings>[0]> {
  try {
    const before = Date.now();
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    await answer.body?.cancel();
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    const ours = (before + Date.now()) / 2;
    return Number.isNaN(theirs) ? [] : [{ name, theirs: theirs + 500, ours, precisionMs: 1_000 }];
  } catch {
    return [];
  }
}

export async function examineTopics(kafka: Kafka, config: ProgramConfig): Promise<Finding[]> {
  try {
    const registry = createRegistry({ url: config.registryUrl, attempts: 1 });
    return topicFindings(await planTopics({ kafka, registry, namespace: config.namespace }));
  } catch (error) {
    return [skipped('topics', `cannot be compared with the catalogue: ${reasonOf(error)}`)];
  }
}

export function topicFindings(changes: readonly Change[]): Finding[] {
  if (changes.length === 0) return [ok('topics', 'are as the catalogue declares them, with their schemas')];
  return changes.map((change) => {
    if (change.kind === 'refused')
      return fault(
        `topic ${change.topic}`,
        change.reason,
        'Apply the change by hand as it says; see topics/README.md.',
      );
    const subject = 'topic' in change ? `topic ${change.topic}` : `schema ${change.subject}`;
    const isLonger =
      change.kind === 'alter-configs' &&
      change.differences.every(({ name, from, to }) => name === 'retention.ms' && isLongerThan(from, to));
    if (isLonger) return ok(subject, 'keeps its messages longer than the catalogue says');
    return (change.kind === 'create-topic' || change.kind === 'register-schema' ? fault : warning)(
      subject,
      renderChange(change).slice(2),
      'Run `tributary topics apply`.',
    );
  });
}

function isLongerThan(actual: string, declared: string): boolean {
  return actual === '-1' || Number(actual) > Number(declared);
}

export async function examineLag(kafka: Kafka, { namespace }: ProgramConfig): Promise<Finding[]> {
  try {
    return lagFindings(await groupLags(kafka, namespace));
  } catch (error) {
    return [skipped('consumer lag', reasonOf(error))];
  }
}

export function lagFindings(lags: readonly GroupLag[]): Finding[] {
  if (lags.length === 0)
    return [
      warning(
        'consumer lag',
        'no stage has read a topic of this namespace',
        'Start the stages with `npm run stage NAME`, or compare TRIBUTARY_NAMESPACE with theirs.',
      ),
    ];
  const late = lags.flatMap(({ group, topic, members, lag, state }) => {
    const subject = `group ${group} on ${topic}`;
    if (members === 0) {
      if (lag === 0) return [];
      return [
        fault(
          subject,
          `nothing reads, and ${lag} messages wait (${state})`,
          `Start the stage: \`npm run stage ${stageOf(group)}\`.`,
        ),
      ];
    }
    return lag > MANY_MESSAGES
      ? [
          warning(
            subject,
            `is ${lag} messages behind`,
            'See whether it catches up with `tributary topics lag --watch`; else start another process of the stage.',
          ),
        ]
      : [];
  });
  return late.length > 0
    ? late
    : [ok('consumer lag', `${lags.length} groups read, none is more than ${MANY_MESSAGES} messages behind`)];
}

/** The stage of a group `namespace.stage` or `namespace.stage.part`; a namespace may contain dots, so the known end decides. */
function stageOf(group: string): string {
  const parts = group.split('.');
  return (
    parts.find((part) =>
      ['interests', 'propose', 'rerank', 'feedback', 'retrain', 'index', 'gateway'].includes(part),
    ) ?? parts[0]!
  );
}

export function deadLetterFindings(counts: readonly DeadLetterCount[] | Error): Finding[] {
  if (counts instanceof Error) return [skipped('dead letters', counts.message)];
  if (counts.length === 0) return [ok('dead letters', `none within ${DEAD_LETTER_WINDOW}`)];
  return counts.map(({ topic, code, count }) =>
    warning(
      `dead letters of ${topic}`,
      `${count} messages were rejected with ${code} within ${DEAD_LETTER_WINDOW}`,
      'See `tributary topics dead-letters`, which shows an example, the remedy, and how to send them back.',
    ),
  );
}

function hostAndPort(broker: string): [string, number] {
  const at = broker.lastIndexOf(':');
  return [broker.slice(0, at), Number(broker.slice(at + 1))];
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : reasonOf(error);
}
