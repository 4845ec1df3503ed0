/** `tributary trigger`: one action, and what follows from it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { Peer } from '#platform/http/peer.ts';
import { nextSpan } from '#platform/observability/trace.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { printable } from '#topics/format.ts';
import { withGateway } from './gateway.ts';

interface TriggerFlags {
  readonly user: string;
  readonly item: string;
  readonly context?: string;
  readonly value?: number;
  readonly at?: string;
  readonly eventId?: string;
  /** Default true. False sends the action and looks at nothing. */
  readonly watch?: boolean;
  readonly json?: boolean;
}

interface Verdicts {
  readonly results: ReadonlyArray<{ readonly partition?: number; readonly offset?: number }>;
}

interface Interests {
  readonly version: number;
  readonly windowSize: number;
  readonly medoids: ReadonlyArray<{
    readonly itemId: string;
    readonly title: string;
    readonly share: number;
  }>;
}

/** Time for the interests to include the action, in milliseconds. */
const WATCH_MS = 10_000;
const PAUSE_MS = 20;

const HELP = `
The action goes through the gateway, as that of an app. The program then waits until the interests of the user include it, and
shows them before and after. The whole story: tributary tail --user ID
`;

export function triggerCommand(): Command {
  return new Command('trigger')
    .addArgument(new Argument('<type>', 'kind of the action').choices([...ACTION_TYPES]))
    .requiredOption('--user <id>', 'who acts')
    .requiredOption('--item <id>', 'on what')
    .option('--context <id>', 'basket, board, list or session')
    .option('--value <number>', 'quantity, price or stars', finiteNumber)
    .option('--at <time>', 'when the user acted, in ISO 8601 with a zone (default: now)')
    .option('--event-id <id>', 'id of the event; the same id counts once (default: a new one)')
    .option('--no-watch', 'send the action and end')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action((type: ActionType, flags: TriggerFlags) =>
      runCommand((context) => withGateway((gateway) => trigger(context, gateway, type, flags))),
    );
}

async function trigger(
  context: CommandContext,
  gateway: Peer,
  type: ActionType,
  flags: TriggerFlags,
): Promise<void> {
  const { user: userId, item: itemId, watch = true } = flags;
  const eventId = flags.eventId ?? randomUUID();
  const before = watch ? await interestsOf(gateway, userId) : undefined;
  const trace = nextSpan();
  const sentAt = Date.now();
  const action = {
    eventId,
    userId,
    itemId,
    type,
    ...(flags.context !== undefined && { contextId: flags.context }),
    ...(flags.value !== undefined && { value: flags.value }),
    ...(flags.at !== undefined && { occurredAt: flags.at }),
  };
  const { results } = await gateway.post<Verdicts>('/v1/actions', [action], trace);
  const { partition, offset } = results[0]!;
  const acceptedMs = Date.now() - sentAt;
  if (!flags.json) {
    await context.write(
      `${type} ${printable(itemId)} by ${printable(userId)} is at actions ${partition}:${offset} after ${acceptedMs} ms ` +
        `(event ${printable(eventId)}, trace ${trace.slice(3, 35)}).\n`,
    );
  }
  const after = watch ? await includes(gateway, userId, offset!, context.signal) : undefined;
  const understoodMs = Date.now() - sentAt;
  if (flags.json) {
    const seen = watch ? { before: before ?? null, after: after ?? null, understoodMs } : {};
    await context.write(
      `${JSON.stringify({ ...action, trace: trace.slice(3, 35), partition, offset, acceptedMs, ...seen })}\n`,
    );
  } else if (after !== undefined) {
    await context.write(
      `The interests include it after ${understoodMs} ms: window of ${before?.windowSize ?? 0} → ${after.windowSize}.\n` +
        `${changes(before, after)}See what it was shown: tributary tail --user ${userId}\n`,
    );
  }
}

async function interestsOf(gateway: Peer, userId: string): Promise<Interests | undefined> {
  try {
    return await gateway.get<Interests>(`/v1/users/${encodeURIComponent(userId)}/interests`);
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'user.unknown') return undefined;
    throw error;
  }
}

/** @throws TributaryError `peer.unavailable` if the interests do not include the offset in time */
async function includes(
  gateway: Peer,
  userId: string,
  offset: number,
  signal: AbortSignal,
): Promise<Interests | undefined> {
  const deadline = Date.now() + WATCH_MS;
  while (!signal.aborted) {
    const interests = await interestsOf(gateway, userId);
    if (interests !== undefined && interests.version >= offset) return interests;
    if (Date.now() > deadline) {
      throw new TributaryError(
        'peer.unavailable',
        `The action is in the log, but the interests do not include it within ${WATCH_MS / 1_000} s: see \`tributary doctor\` and \`tributary topics lag\`.`,
        { retryable: true },
      );
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function changes(before: Interests | undefined, after: Interests): string {
  const shares = new Map(before?.medoids.map(({ itemId, share }) => [itemId, share]));
  const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
  return after.medoids
    .slice(0, 5)
    .map(({ itemId, title, share }) => {
      const earlier = shares.get(itemId);
      const was = earlier === undefined ? 'new' : `was ${percent(earlier)}`;
      return `  ${percent(share).padStart(6)}  ${printable(title)} (${was})\n`;
    })
    .join('');
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}
