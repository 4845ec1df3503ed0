/**
 * The validity of interests, proposals, slates and rewards in the log. The stages write only valid ones, but the topics are
 * open to other producers.
 */

import type { Fault } from '../fault.ts';
import type {
  Proposal,
  ProposedItem,
  Repeat,
  Reward,
  Slate,
  Slot,
  UserInterests,
} from '../generated/records.ts';
import { isExposure } from './experiments.ts';
import { idFault, isEveryone } from './ids.ts';
import { listsFault } from './list-validity.ts';
import { keyFault, type Logged } from './logged.ts';
import { isWithin, LIST_LIMITS, lengthFault, NUMBER_BOUNDS, numberFault } from './number-bounds.ts';
import { futureFault, timeFault } from './times.ts';

/** The largest number of an int. */
const MOST_MINUTES = 2 ** 31 - 1;

/** Returns why interests cannot be answered; undefined if they can. */
export function interestsFault({ value, key }: Logged<UserInterests>): Fault | undefined {
  const { medoids, recent, version, types, recentTypes, repeats } = value;
  const fault = ownerFault(value.userId, key) ?? versionFault(version) ?? lengthFault('medoids', medoids);
  if (fault !== undefined) return fault;
  for (const [index, { importance }] of medoids.entries()) {
    const inMedoid = numberFault(`medoids[${index}].importance`, importance, NUMBER_BOUNDS.importance);
    if (inMedoid !== undefined) return inMedoid;
  }
  return (
    lengthFault('recent', recent) ??
    typesFault(recentTypes, recent.length, types.length) ??
    repeatsFault(repeats, recent.length)
  );
}

function repeatsFault(repeats: readonly Repeat[], recent: number): Fault | undefined {
  const inLength = lengthFault('repeats', repeats);
  if (inLength !== undefined) return inLength;
  for (const [index, { place, times, span, idle }] of repeats.entries()) {
    const field = `repeats[${index}]`;
    const fault =
      numberFault(`${field}.place`, place, { least: 0, most: recent - 1 }) ??
      numberFault(`${field}.times`, times, { least: 2, most: LIST_LIMITS.entries }) ??
      numberFault(`${field}.span`, span, { least: 1, most: MOST_MINUTES }) ??
      numberFault(`${field}.idle`, idle, { least: 0, most: MOST_MINUTES });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** @param types the number of types that the positions refer to */
function typesFault(recentTypes: readonly number[], recent: number, types: number): Fault | undefined {
  if (recentTypes.length !== 0 && recentTypes.length !== recent) {
    const reason = `has ${recentTypes.length} entries for ${recent}`;
    return { code: 'field.invalid', field: 'recentTypes', reason };
  }
  const bound = { least: 0, most: types - 1 };
  const index = recentTypes.findIndex((type) => !isWithin(type, bound));
  return index === -1 ? undefined : numberFault(`recentTypes[${index}]`, recentTypes[index]!, bound);
}

/** Returns why a proposal cannot enter a pool; undefined if it can. The user * stands for everyone here. */
export function proposalFault({ value, key }: Logged<Proposal>): Fault | undefined {
  const { userId, version, items, recent } = value;
  // A version of a user would outrank all later lists for everyone.
  const inVersion = isEveryone(userId)
    ? numberFault('version', version, { least: -1, most: -1 })
    : versionFault(version);
  const fault =
    keyFault(userId, key) ?? inVersion ?? lengthFault('items', items) ?? lengthFault('recent', recent);
  if (fault !== undefined) return fault;
  const index = items.findIndex((item) => !isSound(item));
  return index === -1 ? listsFault(value) : itemFault(`items[${index}]`, items[index]!);
}

/** Returns why a slate cannot be learned from; undefined if it can. */
export function slateFault({ value, key, timestamp }: Logged<Slate>): Fault | undefined {
  const { slots, featureNames, servedAt, userId, slateId, contextNames, context } = value;
  const inId = idFault(slateId);
  if (inId !== undefined) return { code: 'field.invalid', field: 'slateId', reason: inId };
  const fault =
    ownerFault(userId, key) ??
    timeFault('servedAt', servedAt) ??
    futureFault('servedAt', servedAt, timestamp, 'the timestamp of its message') ??
    lengthFault('slots', slots, LIST_LIMITS.slots) ??
    contextFault(contextNames, context) ??
    shareFault('epsilon', value.epsilon) ??
    shareFault('propensity', value.propensity);
  if (fault !== undefined) return fault;
  for (const [index, slot] of slots.entries()) {
    const inSlot = slotFault(`slots[${index}]`, slot, featureNames.length);
    if (inSlot !== undefined) return inSlot;
  }
  return undefined;
}

/** Returns why a reward has numbers from which nothing can be learned; undefined if it has none. */
export function rewardFault({ reward, features, learner }: Reward): Fault | undefined {
  const inReward = numberFault('reward', reward, NUMBER_BOUNDS.reward);
  if (learner !== '' && !isExposure(learner))
    return { code: 'field.invalid', field: 'learner', reason: 'names no experiment with an arm' };
  return inReward ?? featuresFault('features', features);
}

function contextFault(names: readonly string[], context: readonly number[]): Fault | undefined {
  if (names.length === context.length) return featuresFault('context', context);
  const reason = `has ${context.length} numbers for ${names.length} names`;
  return { code: 'features.invalid', field: 'context', reason };
}

function shareFault(field: string, value: number): Fault | undefined {
  return numberFault(field, value, NUMBER_BOUNDS.share);
}

function slotFault(field: string, slot: Slot, names: number): Fault | undefined {
  const { features, propensity, conditional, inclusion } = slot;
  if (!(propensity > 0 && propensity <= 1)) {
    const reason = `is ${propensity}; it must lie in (0, 1]`;
    return { code: 'number.invalid', field: `${field}.propensity`, reason };
  }
  if (names > 0 && features.length !== names) {
    const reason = `has ${features.length} features for ${names} names`;
    return { code: 'features.invalid', field, reason };
  }
  return (
    featuresFault(`${field}.features`, features) ??
    shareFault(`${field}.conditional`, conditional) ??
    shareFault(`${field}.inclusion`, inclusion)
  );
}

function featuresFault(field: string, features: readonly number[]): Fault | undefined {
  const index = features.findIndex((feature) => !isWithin(feature, NUMBER_BOUNDS.feature));
  if (index === -1) return lengthFault(field, features, LIST_LIMITS.features);
  return numberFault(`${field}[${index}]`, features[index]!, NUMBER_BOUNDS.feature);
}

/** Runs for each candidate of each proposal, so it builds no names of fields. */
function isSound({ itemId, score, popularity, because }: ProposedItem): boolean {
  const { share } = NUMBER_BOUNDS;
  return (
    isWithin(score, NUMBER_BOUNDS.score) &&
    isWithin(popularity, share) &&
    (because === null || isWithin(because.importance, share)) &&
    idFault(itemId) === undefined
  );
}

function itemFault(field: string, { itemId, score, popularity, because }: ProposedItem): Fault | undefined {
  const { share } = NUMBER_BOUNDS;
  const reason = idFault(itemId);
  return (
    numberFault(`${field}.score`, score, NUMBER_BOUNDS.score) ??
    numberFault(`${field}.popularity`, popularity, share) ??
    (because === null ? undefined : numberFault(`${field}.because.importance`, because.importance, share)) ??
    (reason === undefined ? undefined : { code: 'field.invalid', field: `${field}.itemId`, reason })
  );
}

/** The version of interests is the offset of an action. */
function versionFault(version: number): Fault | undefined {
  return numberFault('version', version, { least: -1, most: 1e12 });
}

/** The consumer has validated the key, so that an equal user id is valid too. */
function ownerFault(userId: string, key: string): Fault | undefined {
  if (isEveryone(userId))
    return { code: 'user.reserved', field: 'userId', reason: 'is reserved: it stands for everyone' };
  return keyFault(userId, key);
}
