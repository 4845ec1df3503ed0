/** `tributary trigger`: one action, and what follows from it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { TributaryError } from '#contracts/errors.ts';
import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { Peer } from '#platform/http/peer.ts';
import { nextSpan } from '#platform/observability/trace.ts';
import { type CommandContext, runCommand } from '#topics/command.ts';
import { positiveInteger } from '#topics/command-line.ts';
import { printable } from '#topics/format.ts';
import { withGateway } from './gateway.ts';
import { isItemKnown, renderUnknownItem } from './known-item.ts';
import { probeSlate, renderSlateChange } from './slate-change.ts';

interface TriggerFlags {
  readonly user: string;
  readonly item: string;
  readonly context?: string;
  readonly value?: number;
  readonly at?: string;
  readonly eventId?: string;
  /** Number of items in the slate. */
  readonly n: number;
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
The action goes through the gateway, as that of an app. The program then waits until the interests of the user include it and the
slate reflects it, and shows both before and after, with the time of each. The slates are probes: they are not logged, and teach
nothing. An impression changes neither. The whole story: tributary tail --user ID
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
    .option('-n, --n <n>', 'number of items in the slate', positiveInteger, 10)
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
  const { user: userId, item: itemId } = flags;
  // Interests and slates learn nothing from an impression by itself.
  const watch = flags.watch !== false && type !== 'impression';
  const eventId = flags.eventId ?? randomUUID();
  const [before, slateBefore, isKnown = null] = watch
    ? await Promise.all([
        interestsOf(gateway, userId),
        probeSlate(gateway, userId, flags.n),
        isItemKnown(gateway, itemId),
      ])
    : [];
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
  const say = (text: string): Promise<void> =>
    flags.json ? Promise.resolve() : context.write(`${text.trimEnd()}\n`);
  await say(
    `${type} ${printable(itemId)} by ${printable(userId)} is at actions ${partition}:${offset} after ${acceptedMs} ms ` +
      `(event ${printable(eventId)}, trace ${trace.slice(3, 35)}).`,
  );
  const sent = { ...action, trace: trace.slice(3, 35), partition, offset, acceptedMs };
  if (!watch) return flags.json ? context.write(`${JSON.stringify(sent)}\n`) : undefined;

  const includes = 'the interests do not include it';
  const { signal } = context;
  const after = await until(
    () => interestsOf(gateway, userId),
    (one) => one.version >= offset!,
    includes,
    signal,
  );
  if (after === undefined) return;
  const understoodMs = Date.now() - sentAt;
  await say(
    `The interests include it after ${understoodMs} ms: window of ${before?.windowSize ?? 0} → ${after.windowSize}.\n${changes(before, after)}`,
  );
  const reflects = 'the slate does not reflect it';
  const slate = await until(
    () => probeSlate(gateway, userId, flags.n),
    (one) => one.interestsVersion >= offset!,
    reflects,
    signal,
  );
  if (slate === undefined) return;
  const reflectedMs = Date.now() - sentAt;
  await say(
    `The slate reflects it after ${reflectedMs} ms.\n${renderSlateChange(slateBefore, slate)}\n${isKnown === false ? `${renderUnknownItem(itemId)}\n` : ''}The whole story: tributary tail --user ${userId}`,
  );
  if (flags.json) {
    const seen = {
      before: before ?? null,
      after,
      understoodMs,
      slateBefore: slateBefore ?? null,
      slateAfter: slate,
      reflectedMs,
      isItemKnown: isKnown,
    };
    await context.write(`${JSON.stringify({ ...sent, ...seen })}\n`);
  }
}

async function interestsOf(gateway: Peer, userId: string): Promise<Interests | undefined> {
  try {
    return await gateway.get<Interests>(`/v1/interests?userId=${encodeURIComponent(userId)}`);
  } catch (error) {
    if (error instanceof TributaryError && error.code === 'user.unknown') return undefined;
    throw error;
  }
}

/**
 * Asks again and again until the answer is there.
 * @returns undefined at Ctrl-C
 * @throws TributaryError `peer.unavailable` if it does not come in time
 */
async function until<T>(
  ask: () => Promise<T | undefined>,
  isThere: (answer: T) => boolean,
  missing: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = Date.now() + WATCH_MS;
  while (!signal.aborted) {
    const answer = await ask();
    if (answer !== undefined && isThere(answer)) return answer;
    if (Date.now() > deadline) {
      throw new TributaryError(
        'peer.unavailable',
        `The action is in the log, but ${missing} within ${WATCH_MS / 1_000} s: see \`tributary doctor\` and \`tributary topics lag\`.`,
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
