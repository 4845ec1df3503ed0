/** The commands of `npm run releases`: each reads the log and returns printed lines. */

import { TributaryError } from '#contracts/errors.ts';
import type { Release } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import type { CommandContext } from '#topics/command.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import {
  type Decision,
  decideActivation,
  decideRetirement,
  decideRollback,
  unknownGeneration,
} from './decide.ts';
import {
  becomesActive,
  countTrained,
  declareReleases,
  type ReleaseLog,
  readReleases,
} from './release-log.ts';
import { describeRelease, newestFirst, renderRelease, renderReleases } from './render.ts';

export interface OutputFlags {
  readonly json?: boolean;
}

/** Time for the index to read the change, build the graph of a large catalogue and declare it. */
const FLIP_TIMEOUT_MS = 120_000;

export async function listReleases(context: CommandContext, { json }: OutputFlags): Promise<void> {
  const { declared } = (await readReleases(logOf(context))).ledger;
  const lines = json
    ? newestFirst(declared).map((release) => JSON.stringify(release))
    : [renderReleases(declared)];
  await context.write(lines.map((line) => `${line}\n`).join(''));
}

/** @throws TributaryError `release.refused` for an unknown generation */
export async function showRelease(
  context: CommandContext,
  generation: string,
  { json }: OutputFlags,
): Promise<void> {
  const log = logOf(context);
  const release = (await readReleases(log)).ledger.get(generation);
  if (release === undefined) throw refused(unknownGeneration(generation));
  const trained = await countTrained(log, generation);
  const text = json ? JSON.stringify(describeRelease(release, trained)) : renderRelease(release, trained);
  await context.write(`${text}\n`);
}

/**
 * @throws TributaryError `release.refused` with the reason, before anything is written; `peer.unavailable` if no
 *   index flips in time
 */
export async function activateGeneration(
  context: CommandContext,
  generation: string,
  flags: OutputFlags = {},
): Promise<void> {
  const log = logOf(context);
  const { next } = await activate(log, generation);
  await awaitFlip(context, log, generation, next, flags);
}

/** @throws TributaryError as `activateGeneration` does */
export async function rollBack(context: CommandContext, flags: OutputFlags = {}): Promise<void> {
  const log = logOf(context);
  const former = decideRollback((await readReleases(log)).ledger);
  if ('refusal' in former) throw refused(former.refusal);
  const { next } = await activate(log, former.generation);
  await awaitFlip(context, log, former.generation, next, flags);
}

/** @throws TributaryError `release.refused` with the reason, before anything is written */
export async function retireGeneration(
  context: CommandContext,
  generation: string,
  { json }: OutputFlags = {},
): Promise<void> {
  const log = logOf(context);
  const { ledger } = await readReleases(log);
  await declareReleases(log, demand(decideRetirement(ledger, generation, Date.now())));
  await context.write(json ? stateLine(generation, 'retired') : `${generation} is retired.\n`);
}

/**
 * Requests that a generation be served; the index flips to it after it has built its graph.
 * @returns the positions in the log before the request
 * @throws TributaryError `release.refused` with the reason, before anything is written
 */
export async function activate(
  log: ReleaseLog,
  generation: string,
): Promise<{ readonly next: ReadonlyMap<number, number> }> {
  const { ledger, next } = await readReleases(log);
  const known = ledger.get(generation);
  // An unknown generation has no embeddings to count.
  const trained = known === undefined ? 0 : await countTrained(log, generation);
  await declareReleases(log, demand(decideActivation(ledger, generation, trained, Date.now())));
  return { next };
}

async function awaitFlip(
  { write, signal }: CommandContext,
  log: ReleaseLog,
  generation: string,
  from: ReadonlyMap<number, number>,
  { json }: OutputFlags,
): Promise<void> {
  if (!json) await write(`${generation} is requested; waiting for the index to flip …\n`);
  const timeout = AbortSignal.timeout(FLIP_TIMEOUT_MS);
  if (await becomesActive(log, generation, { from, signal: AbortSignal.any([signal, timeout]) })) {
    await write(json ? stateLine(generation, 'active') : `${generation} is active.\n`);
  } else if (timeout.aborted) {
    throw new TributaryError(
      'peer.unavailable',
      `No index has flipped to ${generation} within ${FLIP_TIMEOUT_MS / 1_000} s: check that one runs, and read its log. To go back, activate the former generation.`,
      { retryable: true },
    );
  }
}

function stateLine(generation: string, state: Release['state']): string {
  return `${JSON.stringify({ generation, state })}\n`;
}

function demand(decision: Decision): readonly Release[] {
  if ('refusal' in decision) throw refused(decision.refusal);
  return decision.writes;
}

function refused(reason: string): TributaryError {
  return new TributaryError('release.refused', reason);
}

function logOf({ kafka, config: { registryUrl, namespace } }: CommandContext): ReleaseLog {
  return { kafka, namespace, codec: createTopicCodec(createRegistry({ url: registryUrl }), namespace) };
}
