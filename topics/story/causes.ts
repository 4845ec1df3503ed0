/** Finds the message that led to another one, and puts messages into the order of cause. Pure. */
import {
  actionOf,
  interestsRecordOf,
  type LinkedEntry,
  proposalOf,
  type StoryEntry,
  slateIdOf,
  slateOf,
} from './entry.ts';

/** Most slates of a user in which an action looks for its item; older ones are forgotten. */
const SLATES_REMEMBERED = 200;
const NOTHING = { cause: undefined, link: '' } as const;

type Link = Pick<LinkedEntry, 'cause' | 'link'>;

/**
 * The messages known so far, by what others name them with. A version is the offset of an action, so that it links interests
 * and proposals without a trace too; a trace links what a batch of several actions led to.
 */
export class Causes {
  /** By user and offset; an offset is unique within the partition of the user. */
  readonly #actions = new Map<string, StoryEntry>();
  /** A version may have several records: a flip of generations publishes it again, and models propose apart. */
  readonly #interests = new Map<string, StoryEntry[]>();
  readonly #proposals = new Map<string, StoryEntry[]>();
  readonly #slates = new Map<string, StoryEntry>();
  readonly #slatesOfUser = new Map<string, StoryEntry[]>();
  readonly #placed = new Map<string, StoryEntry>();

  add(entry: StoryEntry): void {
    const name = (version: number): string => `${version} ${entry.key}`;
    const [interests, proposal, slate] = [interestsRecordOf(entry), proposalOf(entry), slateOf(entry)];
    if (actionOf(entry) !== undefined) this.#actions.set(name(entry.offset), entry);
    if (interests !== undefined) append(this.#interests, name(interests.version), entry);
    if (proposal !== undefined) append(this.#proposals, name(proposal.version), entry);
    if (slate !== undefined) {
      this.#slates.set(slate.slateId, entry);
      const shown = this.#slatesOfUser.get(entry.key) ?? [];
      shown.push(entry);
      this.#slatesOfUser.set(entry.key, shown.slice(-SLATES_REMEMBERED));
    }
    this.#placed.set(`${entry.topic} ${entry.partition}:${entry.offset}`, entry);
  }

  /** Returns what led to an entry, among those added so far. */
  causeOf(entry: StoryEntry): Link {
    const found = this.#search(entry);
    return found.cause === entry ? NOTHING : found;
  }

  #search(entry: StoryEntry): Link {
    switch (entry.topic) {
      case 'actions':
        return this.#slateThatShowed(entry);
      case 'interests':
        return link(this.#actions.get(`${interestsRecordOf(entry)?.version} ${entry.key}`), 'includes');
      case 'proposals':
        return link(
          lastBefore(this.#interests, `${proposalOf(entry)?.version} ${entry.key}`, entry),
          'answers',
        );
      case 'slates':
        return this.#candidatesOf(entry);
      case 'dead-letters': {
        const { sourceTopic, partition, offset } = entry.value as {
          sourceTopic?: string;
          partition?: number;
          offset?: number;
        };
        return link(this.#placed.get(`${sourceTopic} ${partition}:${offset}`), 'rejects');
      }
      default: {
        const slateId = slateIdOf(entry);
        return slateId === undefined ? NOTHING : link(this.#slates.get(slateId), 'belongs to');
      }
    }
  }

  /** A slate is chosen from the proposals of its version, and from the interests where those came first. */
  #candidatesOf(entry: StoryEntry): Link {
    const version = `${slateOf(entry)?.interestsVersion} ${entry.key}`;
    const proposal = lastBefore(this.#proposals, version, entry);
    if (proposal !== undefined) return link(proposal, 'chosen from');
    return link(lastBefore(this.#interests, version, entry) ?? this.#actions.get(version), 'reflects');
  }

  /** An action names its slate, or is probably an answer to the last slate with its item. */
  #slateThatShowed(entry: StoryEntry): Link {
    const action = actionOf(entry);
    if (action === undefined) return NOTHING;
    if (action.slateId !== null) return link(this.#slates.get(action.slateId), 'answers');
    for (const slate of (this.#slatesOfUser.get(entry.key) ?? []).toReversed()) {
      if (slate.at > entry.at) continue;
      const slot = slateOf(slate)!.slots.findIndex(({ itemId }) => itemId === action.itemId);
      if (slot !== -1) return { cause: slate, link: `was in slot ${slot} of` };
    }
    return NOTHING;
  }
}

/**
 * Returns the entries in the order of cause: by time, but nothing before what led to it, whatever the clocks of two
 * processes say.
 */
export function inOrderOfCause(entries: readonly StoryEntry[]): LinkedEntry[] {
  const causes = new Causes();
  const byTime = entries.toSorted((a, b) => a.at - b.at || rank(a) - rank(b) || a.offset - b.offset);
  for (const entry of byTime) causes.add(entry);
  const ordered = new Set<StoryEntry>();
  const linked: LinkedEntry[] = [];
  const place = (entry: StoryEntry): void => {
    if (ordered.has(entry)) return;
    ordered.add(entry);
    const found = causes.causeOf(entry);
    if (found.cause !== undefined) place(found.cause);
    linked.push({ entry, ...found });
  };
  for (const entry of byTime) place(entry);
  return linked;
}

const PATH: readonly string[] = ['items', 'embeddings', 'actions', 'interests', 'proposals', 'slates'];

function rank({ topic }: StoryEntry): number {
  const place = PATH.indexOf(topic);
  return place === -1 ? PATH.length : place;
}

function append(entries: Map<string, StoryEntry[]>, name: string, entry: StoryEntry): void {
  const known = entries.get(name);
  if (known === undefined) entries.set(name, [entry]);
  else known.push(entry);
}

/**
 * Of several records of one version the last one before an entry led to it; a record that was written later cannot have. Where the
 * clocks of two processes put all of them later, the first one did.
 */
function lastBefore(
  entries: ReadonlyMap<string, readonly StoryEntry[]>,
  name: string,
  { at }: StoryEntry,
): StoryEntry | undefined {
  const known = entries.get(name)?.toSorted((a, b) => a.at - b.at || a.offset - b.offset);
  return known?.findLast((one) => one.at <= at) ?? known?.[0];
}

function link(cause: StoryEntry | undefined, words: string): Link {
  return cause === undefined ? NOTHING : { cause, link: words };
}
