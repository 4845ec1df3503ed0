/** The commands of the command line: each turns flags into printed lines. */
import { TributaryError } from '#contracts/errors.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { applyTopics, planTopics } from './apply.ts';
import { CATALOG, type TopicName } from './catalog.ts';
import type { CommandContext } from './command.ts';
import { type Condition, parseCondition } from './filter.ts';
import { formatKey } from './format.ts';
import { groupLags, renderLags } from './lag.ts';
import { watchLag } from './lag-watch.ts';
import { listTopics, renderListing } from './list.ts';
import { type PlanOptions, renderPlan } from './plan.ts';
import { parsePosition } from './positions.ts';
import { type RequeuedLetter, requeueDeadLetters } from './requeue.ts';
import { isTopicName, tailTopic } from './tail.ts';
import { createTopicCodec } from './topic-codec.ts';

export interface PlanFlags {
  readonly replicationFactor?: number;
  /** Entries of the form `topic=days`. */
  readonly retention?: readonly string[];
}

export interface LagFlags {
  readonly json?: boolean;
  /** Seconds between two tables; true for the default. */
  readonly watch?: number | true;
}

const WATCH_SECONDS = 2;

export interface TailFlags {
  readonly from?: string;
  readonly follow?: boolean;
  readonly limit?: number;
  readonly key?: string;
  readonly partition?: number;
  readonly filter?: readonly string[];
  readonly json?: boolean;
  readonly full?: boolean;
}

export interface RequeueFlags {
  readonly topic?: TopicName;
  readonly code?: string;
  readonly offset?: number;
  readonly partition?: number;
  readonly from?: string;
  readonly limit?: number;
  readonly dryRun?: boolean;
}

export async function planCommand(context: CommandContext, flags: PlanFlags): Promise<void> {
  const changes = await planTopics(applyOptions(context, flags));
  await context.write(`${renderPlan(changes)}\n`);
}

export async function applyCommand(context: CommandContext, flags: PlanFlags): Promise<void> {
  const changes = await applyTopics(applyOptions(context, flags));
  await context.write(`${renderPlan(changes)}\n`);
}

export async function listCommand({ kafka, config, write }: CommandContext): Promise<void> {
  await write(`${renderListing(await listTopics(kafka, config.namespace))}\n`);
}

export async function lagCommand(context: CommandContext, flags: LagFlags): Promise<void> {
  const { kafka, config, write } = context;
  if (flags.watch !== undefined) {
    const seconds = flags.watch === true ? WATCH_SECONDS : flags.watch;
    await watchLag({ ...clientsOf(context), seconds, json: flags.json ?? false });
    return;
  }
  const lags = await groupLags(kafka, config.namespace);
  await write(flags.json ? lags.map((lag) => `${JSON.stringify(lag)}\n`).join('') : `${renderLags(lags)}\n`);
}

export async function tailCommand(
  context: CommandContext,
  topic: TopicName,
  flags: TailFlags,
): Promise<void> {
  const { from = 'last:5', filter = [], ...options } = flags;
  const conditions = filter.map(parseCondition);
  checkFields(topic, conditions);
  const { undecodable } = await tailTopic({
    ...options,
    ...clientsOf(context),
    topic,
    conditions,
    from: parsePosition(from, Date.now()),
  });
  if (conditions.length > 0 && undecodable > 0) {
    process.stderr.write(
      `${undecodable} messages could not be decoded and were left out; run without --filter to show them.\n`,
    );
  }
}

export async function requeueCommand(context: CommandContext, flags: RequeueFlags): Promise<void> {
  const { from = 'beginning', ...options } = flags;
  const requeued = await requeueDeadLetters({
    ...options,
    ...clientsOf(context),
    from: parsePosition(from, Date.now()),
    onRequeued: (letter) => context.write(`${describeRequeued(letter)}\n`),
    onSkipped: ({ partition, offset, letter }) =>
      context.write(
        `dead-letters ${partition}:${offset} is not sent: it holds only the beginning of ${letter.messageBytes} bytes\n`,
      ),
  });
  const verb = flags.dryRun ? 'would be requeued' : 'requeued';
  await context.write(`${requeued} dead letter${requeued === 1 ? '' : 's'} ${verb}.\n`);
}

function clientsOf({ kafka, config, signal, write }: CommandContext) {
  return {
    kafka,
    codec: createTopicCodec(createRegistry({ url: config.registryUrl }), config.namespace),
    namespace: config.namespace,
    signal,
    write,
  };
}

function applyOptions({ kafka, config }: CommandContext, flags: PlanFlags) {
  const { replicationFactor, retention = [] } = flags;
  return {
    kafka,
    registry: createRegistry({ url: config.registryUrl }),
    namespace: config.namespace,
    ...(replicationFactor !== undefined && { replicationFactor }),
    retentionMs: parseRetention(retention),
  };
}

/**
 * Retention in milliseconds from `topic=days`; `topic=forever` keeps everything.
 * @throws TributaryError `topics.option`
 */
export function parseRetention(texts: readonly string[]): NonNullable<PlanOptions['retentionMs']> {
  const entries = texts.map((text) => {
    const [name = '', days = ''] = text.split('=');
    const retentionMs = days === 'forever' ? -1 : Number(days) * 86_400_000;
    if (!isTopicName(name) || days === '' || !(retentionMs > 0 || retentionMs === -1)) {
      throw new TributaryError(
        'topics.option',
        `--retention “${text}”: write topic=days or topic=forever, as in actions=365.`,
      );
    }
    return [name, Math.round(retentionMs)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Checks the fields of filters, so that a misspelt field is an error and not a filter that never matches.
 * @throws TributaryError `topics.option`
 */
export function checkFields(topic: TopicName, conditions: readonly Condition[]): void {
  const record = CATALOG[topic].schema;
  const fields = SCHEMAS[record].fields.map(({ name }) => name);
  for (const { path } of conditions) {
    if (!fields.includes(path[0]!)) {
      throw new TributaryError(
        'topics.option',
        `--filter: ${record} has no field ${path[0]}; its fields are ${fields.join(', ')}.`,
      );
    }
  }
}

function describeRequeued({ letter, partition, offset, sentTo }: RequeuedLetter): string {
  const to = sentTo === null ? '' : ` ${sentTo.partition}:${sentTo.offset}`;
  const from = `${letter.sourceTopic} ${letter.partition}:${letter.offset}`;
  return `dead-letters ${partition}:${offset} → ${letter.sourceTopic}${to} (was ${from}, key ${formatKey(letter.key)}, ${letter.code})`;
}
