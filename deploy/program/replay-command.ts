/** `tributary replay`: sends logged actions to a gateway again. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { DecodeError } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { Peer } from '#platform/http/peer.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { collectValues, positiveInteger } from '#topics/command-line.ts';
import { checkFields, clientsOf } from '#topics/commands.ts';
import { EXIT_CODES } from '#topics/exit-codes.ts';
import { matches, parseCondition } from '#topics/filter.ts';
import { parsePosition } from '#topics/positions.ts';
import { readTopic, STOP } from '#topics/reader.ts';
import { gatewayUrl, withGateway } from './gateway.ts';

interface ReplayFlags {
  readonly from: string;
  readonly user?: string;
  readonly filter?: readonly string[];
  readonly limit?: number;
  readonly speed?: number;
  readonly as: 'logged' | 'new';
  readonly gateway?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Verdicts {
  readonly results: ReadonlyArray<{
    readonly status: string;
    readonly error?: { readonly code: string; readonly reason: string };
  }>;
}

const BATCH = 500;

const HELP = `
Actions are sent in the order of their event times:
  tributary replay --from -1h --gateway http://localhost:7000     into another Tributary, as they were
  tributary replay --from -10m --user 900 --as new --speed 10     as if they happened now, ten times as fast

\`--as logged\` keeps event ids and times: sent to the same Tributary, nothing counts twice. \`--as new\` gives each action a new id
and the present time, so that all of it counts again.
`;

export function replayCommand(): Command {
  return new Command('replay')
    .option('--from <position>', 'from where in the log, as in tail', '-1h')
    .option('--user <id>', 'only actions of this user')
    .option('--filter <condition>', 'only actions that match, as in tail; may be repeated', collectValues)
    .option('-n, --limit <n>', 'at most n actions', positiveInteger)
    .option(
      '--speed <factor>',
      'keep the times between actions, divided by this (default: as fast as the gateway accepts)',
      factor,
    )
    .option('--as <kind>', 'logged keeps ids and times, new makes them new', kind, 'logged')
    .option(
      '--gateway <url>',
      'address of the gateway (default: that of the environment or of the running demo)',
      gatewayUrl,
    )
    .option('--dry-run', 'count the actions and send none')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action((flags: ReplayFlags) => runCommand((context) => replay(context, flags)));
}

async function replay(context: CommandContext, flags: ReplayFlags): Promise<void> {
  const started = performance.now();
  const actions = await readActions(context, flags);
  const counts = { read: actions.length, accepted: 0, rejected: 0 };
  if (!flags.dryRun && actions.length > 0)
    await withGateway((gateway) => sendAll(gateway, actions, flags, context.signal, counts), flags.gateway);
  const seconds = Math.round(performance.now() - started) / 1_000;
  const verb = flags.dryRun ? 'would be sent' : `accepted, ${counts.rejected} rejected`;
  const number = flags.dryRun ? counts.read : counts.accepted;
  await context.write(
    flags.json
      ? `${JSON.stringify({ ...counts, seconds })}\n`
      : `${number} of ${counts.read} actions ${verb} in ${seconds} s.\n`,
  );
  if (counts.rejected > 0) process.exitCode = EXIT_CODES.findings;
}

async function readActions(context: CommandContext, flags: ReplayFlags): Promise<UserAction[]> {
  const { kafka, codec, namespace, signal } = clientsOf(context);
  const conditions = (flags.filter ?? []).map(parseCondition);
  checkFields('actions', conditions);
  const actions: UserAction[] = [];
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'actions'),
    from: parsePosition(flags.from, Date.now()),
    signal,
    onMessage: async ({ key, value }) => {
      if (value === null || (flags.user !== undefined && key?.toString('utf8') !== flags.user))
        return undefined;
      const action = await decode(() => codec.decode('UserAction', value));
      if (action === undefined || !matches(action, conditions)) return undefined;
      actions.push(action);
      return actions.length === flags.limit ? STOP : undefined;
    },
  });
  return actions.sort((a, b) => a.occurredAt - b.occurredAt);
}

/** A message that no stage can read is in the dead letters, and is not sent again from here. */
async function decode(read: () => UserAction | Promise<UserAction>): Promise<UserAction | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

async function sendAll(
  gateway: Peer,
  actions: readonly UserAction[],
  { as, speed }: ReplayFlags,
  signal: AbortSignal,
  counts: { accepted: number; rejected: number },
): Promise<void> {
  const begin = { wall: Date.now(), logged: actions[0]!.occurredAt };
  for (let from = 0; from < actions.length && !signal.aborted; ) {
    const due = (action: UserAction): number =>
      speed === undefined ? 0 : begin.wall + (action.occurredAt - begin.logged) / speed;
    await delay(Math.max(0, due(actions[from]!) - Date.now()), undefined, { signal }).catch(() => undefined);
    const batch: UserAction[] = [];
    while (batch.length < BATCH && from < actions.length && due(actions[from]!) <= Date.now())
      batch.push(actions[from++]!);
    if (batch.length === 0 || signal.aborted) continue;
    const { results } = await post(
      gateway,
      batch.map((action) => toInput(action, as)),
    );
    for (const { status, error } of results) {
      counts[status === 'accepted' ? 'accepted' : 'rejected'] += 1;
      if (error !== undefined && counts.rejected <= 5)
        process.stderr.write(`${error.code}: ${error.reason}\n`);
    }
  }
}

/** A batch of which every entry is rejected is answered with an error, which has no verdicts behind the first one. */
async function post(gateway: Peer, batch: readonly object[]): Promise<Verdicts> {
  try {
    return await gateway.post<Verdicts>('/v1/actions', batch);
  } catch (error) {
    if (!(error instanceof TributaryError) || error.retryable) throw error;
    return {
      results: batch.map(() => ({ status: 'rejected', error: { code: error.code, reason: error.message } })),
    };
  }
}

function toInput(action: UserAction, as: ReplayFlags['as']): object {
  const { receivedAt: _, occurredAt, eventId, ...rest } = action;
  return as === 'logged' ? { ...rest, eventId, occurredAt } : { ...rest, eventId: randomUUID() };
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1e6)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

function kind(text: string): ReplayFlags['as'] {
  if (text === 'logged' || text === 'new') return text;
  throw new InvalidArgumentError('Expected logged or new.');
}
