import { EVERYONE } from '#contracts/domain/ids.ts';
import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal, Slate, UserInterests } from '#contracts/generated/records.ts';
import type { LogRecord } from './log-record.ts';

/** A slate as its caller received it. */
export interface AnsweredSlate {
  readonly slateId: string;
  readonly itemIds: readonly string[];
}

/** Returns a line for each answered slate that the log lacks or has otherwise, and the number of slates without an answer. */
export function checkAnswers(
  answered: Iterable<AnsweredSlate>,
  log: Iterable<LogRecord<Slate>>,
  mostUnanswered: number,
): { faults: string[]; unanswered: number } {
  const logged = new Map<string, string>();
  for (const { value } of log)
    if (value !== null) logged.set(value.slateId, value.slots.map(({ itemId }) => itemId).join());
  const faults: string[] = [];
  let unanswered = logged.size;
  for (const { slateId, itemIds } of answered) {
    const items = logged.get(slateId);
    if (items === undefined) faults.push(`the slate ${slateId} was answered, but is not in the log`);
    else if (items !== itemIds.join())
      faults.push(`the slate ${slateId} was answered with ${itemIds.join()}, but the log has ${items}`);
    if (items !== undefined) unanswered -= 1;
  }
  if (unanswered > mostUnanswered)
    faults.push(`${unanswered} slates in the log have no answer; at most ${mostUnanswered} may have none`);
  return { faults, unanswered };
}

/**
 * Returns a line for each slot whose item no proposal of the generation of the slate explains, and for each proposal whose
 * generation is not that of the interests that it answers. A proposal without a generation fits every slate.
 */
export function checkGenerations(log: {
  readonly slates: Iterable<LogRecord<Slate>>;
  readonly proposals: Iterable<LogRecord<Proposal>>;
  readonly interests: Iterable<LogRecord<UserInterests>>;
}): string[] {
  const answers = new Set<string>();
  for (const { value } of log.interests)
    if (value !== null) answers.add(name(value.userId, value.version, value.generation));
  const offered = new Set<string>();
  const faults: string[] = [];
  for (const { partition, offset, value } of log.proposals) {
    if (value === null) continue;
    for (const { userId, model, generation, version, items } of modelProposalsOf(value)) {
      for (const { itemId } of items) offered.add(name(userId, model, itemId, generation));
      if (userId === EVERYONE || generation === null || answers.has(name(userId, version, generation)))
        continue;
      faults.push(
        `the proposal at ${partition}/${offset} searched in ${generation} for interests ${version} of ${userId}, which are not in it`,
      );
    }
  }
  for (const { value } of log.slates) {
    if (value === null) continue;
    const { slateId, userId, generation } = value;
    const isOffered = (model: string, itemId: string): boolean =>
      [userId, EVERYONE].some(
        (owner) =>
          offered.has(name(owner, model, itemId, null)) ||
          offered.has(name(owner, model, itemId, generation)),
      );
    for (const { itemId, models } of value.slots)
      for (const model of models)
        if (!isOffered(model, itemId))
          faults.push(
            `the slate ${slateId} of ${generation} shows ${itemId}, which ${model} did not propose in it`,
          );
  }
  return faults;
}

function name(...parts: ReadonlyArray<string | number | null>): string {
  return JSON.stringify(parts);
}
