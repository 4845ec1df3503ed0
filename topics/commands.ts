/** The commands of the command line: each turns flags into printed lines. */
import { ERROR_REMEDIES, TributaryError } from '#contracts/errors.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { patiently } from '#contracts/patience.ts';
import { createRegistry } from '#contracts/registry.ts';
import { applyTopics, planTopics } from './apply.ts';
import { CATALOG, type TopicName } from './catalog.ts';
import { closestWord } from './closest-word.ts';
import type { CommandContext } from './command.ts';
import { copyNamespace, renderCopied } from './copy.ts';
import { kindToJson, readDeadLetterKinds, renderKinds } from './dead-letter-kinds.ts';
import { type Condition, parseCondition, parseGrep, parseHeaderTest } from './filter.ts';
import { formatKey } from './format.ts';
import { groupLags, renderLags } from './lag.ts';
import { watchLag } from './lag-watch.ts';
import { listTopics, renderListing } from './list.ts';
import { type Change, type PlanOptions, renderPlan } from './plan.ts';
import { parsePosition } from './positions.ts';
import { type RequeuedLetter, requeueDeadLetters } from './requeue.ts';
import { isTopicName, tailTopic } from './tail.ts';
import { createTopicCodec } from './topic-codec.ts';

export interface PlanFlags {
  readonly userPartitions?: number;
  readonly replicationFactor?: number;
  /** Entries of the form `topic=days`. */
  readonly retention?: readonly string[];
  readonly json?: boolean;
}

export interface ApplyFlags extends PlanFlags {
  /** Seconds to wait for Kafka and the registry. */
  readonly patience?: number;
}

export interface CopyFlags {
  /** Namespace that gets the copies. */
  readonly to: string;
  readonly json?: boolean;
}

export interface JsonFlag {
  readonly json?: boolean;
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
  readonly header?: readonly string[];
  readonly grep?: string;
  readonly latestPerKey?: boolean;
  /** Another name of `from`. */
  readonly since?: string;
  readonly json?: boolean;
  readonly full?: boolean;
}

export interface RequeueFlags {
  readonly topic?: TopicName;
  readonly code?: string;
  readonly stage?: string;
  readonly offset?: number;
  readonly partition?: number;
  readonly from?: string;
  readonly limit?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface DeadLetterFlags {
  readonly from?: string;
  readonly json?: boolean;
}

export async function planCommand(context: CommandContext, flags: PlanFlags): Promise<void> {
  await writeChanges(context, await planTopics(applyOptions(context, flags)), flags);
}

export async function applyCommand(context: CommandContext, flags: ApplyFlags): Promise<void> {
  const applied = await patiently(() => applyTopics(applyOptions(context, flags)), {
    patienceMs: (flags.patience ?? 0) * 1_000,
    onWait: ({ message }) => void process.stderr.write(`waiting: ${message}\n`),
  });
  await writeChanges(context, applied, flags);
}

async function writeChanges(
  { write }: CommandContext,
  changes: readonly Change[],
  { json }: JsonFlag,
): Promise<void> {
  await write(json ? jsonLines(changes) : `${renderPlan(changes)}\n`);
}

export async function listCommand({ kafka, config, write }: CommandContext, flags: JsonFlag): Promise<void> {
  const listings = await listTopics(kafka, config.namespace);
  await write(flags.json ? jsonLines(listings) : `${renderListing(listings)}\n`);
}

export async function copyCommand({ kafka, config, signal, write }: CommandContext, flags: CopyFlags) {
  const copied = await copyNamespace({
    kafka,
    from: config.namespace,
    to: flags.to,
    signal,
    onTopic: (topic) => write(flags.json ? jsonLines([topic]) : `${renderCopied(topic)}\n`),
  });
  if (copied.some(({ topic }) => topic === 'actions')) return;
  throw new TributaryError('topics.stopped', 'The copy was stopped before its end; run it again to go on.');
}

export async function deadLettersCommand(context: CommandContext, flags: DeadLetterFlags): Promise<void> {
  const from = parsePosition(flags.from ?? 'beginning', Date.now());
  const kinds = await readDeadLetterKinds({ ...clientsOf(context), from });
  await context.write(flags.json ? jsonLines(kinds.map(kindToJson)) : `${renderKinds(kinds)}\n`);
}

function jsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

export async function lagCommand(context: CommandContext, flags: LagFlags): Promise<void> {
  const { kafka, config, write } = context;
  if (flags.watch !== undefined) {
    const seconds = flags.watch === true ? WATCH_SECONDS : flags.watch;
    await watchLag({ ...clientsOf(context), seconds, json: flags.json ?? false });
    return;
  }
  const lags = await groupLags(kafka, config.namespace);
  await write(flags.json ? jsonLines(lags) : `${renderLags(lags)}\n`);
}

export async function tailCommand(
  context: CommandContext,
  topic: TopicName,
  flags: TailFlags,
): Promise<void> {
  const { from: first, since, filter = [], header = [], grep, ...options } = flags;
  if (first !== undefined && since !== undefined)
    throw new TributaryError('topics.option', '--from and --since are one option: leave one of them out.');
  const from = first ?? since ?? (flags.latestPerKey ? 'beginning' : 'last:5');
  const conditions = filter.map(parseCondition);
  checkFields(topic, conditions);
  const { undecodable } = await tailTopic({
    ...options,
    ...clientsOf(context),
    topic,
    conditions,
    headers: header.map(parseHeaderTest),
    ...(grep !== undefined && { grep: parseGrep(grep) }),
    // Programs read JSON, and `produce` reads it back: nothing of it is cut.
    full: flags.full || flags.json || false,
    from: parsePosition(from, Date.now()),
  });
  if (conditions.length > 0 && undecodable > 0) {
    process.stderr.write(
      `${undecodable} messages could not be decoded and were left out; run without --filter to show them.\n`,
    );
  }
}

export async function requeueCommand(context: CommandContext, flags: RequeueFlags): Promise<void> {
  const { from = 'beginning', json, ...options } = flags;
  checkCode(options.code);
  const requeued = await requeueDeadLetters({
    ...options,
    ...clientsOf(context),
    from: parsePosition(from, Date.now()),
    onRequeued: (letter) =>
      context.write(json ? jsonLines([requeuedToJson(letter)]) : `${describeRequeued(letter)}\n`),
    onSkipped: ({ partition, offset, letter }) =>
      context.write(
        json
          ? jsonLines([{ partition, offset, sentTo: null, cut: true, messageBytes: letter.messageBytes }])
          : `dead-letters ${partition}:${offset} is not sent: it holds only the beginning of ${letter.messageBytes} bytes\n`,
      ),
  });
  if (json) return;
  const verb = flags.dryRun ? 'would be requeued' : 'requeued';
  await context.write(`${requeued} dead letter${requeued === 1 ? '' : 's'} ${verb}.\n`);
  if (requeued === 0)
    await context.write(
      '`npm run topics -- dead-letters` lists the kinds that are there, with the words that choose them.\n',
    );
}

/** A newer stage may know codes that this program does not; one that is nearly a known one is mistyped. */
function checkCode(code: string | undefined): void {
  const codes = Object.keys(ERROR_REMEDIES);
  const meant = code === undefined || codes.includes(code) ? undefined : closestWord(code, codes);
  if (meant === undefined) return;
  throw new TributaryError('topics.option', `--code “${code}” is no error code: did you mean ${meant}?`);
}

export function clientsOf({ kafka, config, signal, write }: CommandContext) {
  return {
    kafka,
    codec: createTopicCodec(createRegistry({ url: config.registryUrl }), config.namespace),
    namespace: config.namespace,
    signal,
    write,
  };
}

function applyOptions({ kafka, config }: CommandContext, flags: PlanFlags) {
  const { replicationFactor, userPartitions, retention = [] } = flags;
  return {
    kafka,
    registry: createRegistry({ url: config.registryUrl }),
    namespace: config.namespace,
    ...(replicationFactor !== undefined && { replicationFactor }),
    ...(userPartitions !== undefined && { userPartitions }),
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
      const meant = isTopicName(name) ? undefined : closestWord(name, Object.keys(CATALOG));
      const hint = meant === undefined ? '' : `did you mean the topic ${meant}? Otherwise `;
      throw new TributaryError(
        'topics.option',
        `--retention “${text}”: ${hint}write topic=days or topic=forever, as in actions=365.`,
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
  for (const { path } of conditions) {
    const fault = fieldFault(SCHEMAS[record], path);
    if (fault !== undefined) throw new TributaryError('topics.option', `--filter: ${fault}`);
  }
}

/** Why a path leads nowhere in a record, in one sentence; a map may have any key. */
function fieldFault(schema: unknown, [name, ...rest]: readonly string[], parent = ''): string | undefined {
  if (name === undefined || Array.isArray(schema)) {
    // Of a union the first branch that has the field counts.
    const faults = (Array.isArray(schema) && name !== undefined ? schema : []).map((branch) =>
      fieldFault(branch, [name!, ...rest], parent),
    );
    return faults.includes(undefined)
      ? undefined
      : (faults.find((fault) => !/no fields/.test(fault!)) ?? faults[0]);
  }
  if (typeof schema !== 'object' || schema === null) return `${parent} has no fields, and so no ${name}.`;
  const {
    type,
    items,
    values,
    fields,
    name: record,
  } = schema as {
    readonly type?: unknown;
    readonly items?: unknown;
    readonly values?: unknown;
    readonly fields?: ReadonlyArray<{ readonly name: string; readonly type: unknown }>;
    readonly name?: string;
  };
  if (type === 'array') return fieldFault(items, [name, ...rest], parent);
  if (type === 'map') return fieldFault(values, rest, `${parent}.${name}`);
  if (fields === undefined) return fieldFault(type, [name, ...rest], parent);
  const field = fields.find((one) => one.name === name);
  const path = parent === '' ? name : `${parent}.${name}`;
  if (field !== undefined) return fieldFault(field.type, rest, path);
  const names = fields.map((one) => one.name);
  const meant = closestWord(name, names);
  const hint = meant === undefined ? '' : ` did you mean ${meant}?`;
  return `${parent === '' ? record : parent} has no field ${name};${hint} its fields are ${names.join(', ')}.`;
}

function requeuedToJson({ letter, partition, offset, sentTo }: RequeuedLetter): object {
  const { sourceTopic: topic, code, key } = letter;
  return { partition, offset, topic, code, key: key === null ? null : formatKey(key), sentTo };
}

function describeRequeued({ letter, partition, offset, sentTo }: RequeuedLetter): string {
  const to = sentTo === null ? '' : ` ${sentTo.partition}:${sentTo.offset}`;
  const from = `${letter.sourceTopic} ${letter.partition}:${letter.offset}`;
  return `dead-letters ${partition}:${offset} → ${letter.sourceTopic}${to} (was ${from}, key ${formatKey(letter.key)}, ${letter.code})`;
}
