/** The commands of `npm run releases`: each reads the log and returns printed lines. */

import { TributaryError } from '#contracts/errors.ts';
import type { Release } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { activate, activateFormer, releaseRefused, retire } from '#operations/releases/change-releases.ts';
import { unknownGeneration } from '#operations/releases/decide.ts';
import {
  becomesActive,
  countTrained,
  type ReleaseLog,
  readReleases,
} from '#operations/releases/release-log.ts';
import type { CommandContext } from '#topics/command.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
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
  if (release === undefined) throw releaseRefused(unknownGeneration(generation));
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
  const { generation, next } = await activateFormer(log);
  await awaitFlip(context, log, generation, next, flags);
}

/** @throws TributaryError `release.refused` with the reason, before anything is written */
export async function retireGeneration(
  context: CommandContext,
  generation: string,
  { json }: OutputFlags = {},
): Promise<void> {
  await retire(logOf(context), generation);
  await context.write(json ? stateLine(generation, 'retired') : `${generation} is retired.\n`);
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

function logOf({ kafka, config: { registryUrl, namespace } }: CommandContext): ReleaseLog {
  return { kafka, namespace, codec: createTopicCodec(createRegistry({ url: registryUrl }), namespace) };
}
