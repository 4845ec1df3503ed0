import type { Scheduler } from './scheduler.ts';

/** A message in the log of the simulation. */
export interface StoredMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly offset: number;
}

interface Topic {
  readonly id: string;
  readonly partitions: readonly StoredMessage[][];
}

export interface GroupMember {
  readonly id: string;
  /** When the coordinator gives the member up, ms. */
  expiresAt: number;
  /** The generation that the member has been told; undefined while it waits for one. */
  joined: number | undefined;
  /** Called with its partitions when all members have joined. */
  onJoined: ((partitions: readonly number[]) => void) | undefined;
}

interface Group {
  readonly members: Map<string, GroupMember>;
  readonly committed: Map<string, number>;
  generation: number;
  isPreparing: boolean;
}

const SESSION_MS = 10_000;
const REBALANCE_MS = 30_000;

/**
 * The log and the coordinator of groups, as far as the stages can tell them from Kafka: offsets, ids of topics, sessions that
 * expire, and a rebalance that waits for every member. All methods are immediate; the clients add the delays.
 */
export class Broker {
  readonly #scheduler: Scheduler;
  readonly #partitions: number;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #ids = 0;

  constructor(scheduler: Scheduler, partitions: number) {
    this.#scheduler = scheduler;
    this.#partitions = partitions;
  }

  get partitions(): number {
    return this.#partitions;
  }

  create(topic: string): void {
    this.#ids += 1;
    const id = `topic-${this.#ids}`;
    this.#topics.set(topic, { id, partitions: Array.from({ length: this.#partitions }, () => []) });
  }

  /** Deletes the topic, with the offsets that groups have committed for it. */
  delete(topic: string): void {
    this.#topics.delete(topic);
    for (const { committed } of this.#groups.values())
      for (let p = 0; p < this.#partitions; p++) committed.delete(placeOf(topic, p));
  }

  idOf(topic: string): string | undefined {
    return this.#topics.get(topic)?.id;
  }

  /** @throws Error if the topic is not there */
  messages(topic: string, partition: number): readonly StoredMessage[] {
    return this.#of(topic, partition);
  }

  /** @returns the offset of the first of the messages */
  append(topic: string, partition: number, messages: ReadonlyArray<Omit<StoredMessage, 'offset'>>): number {
    const log = this.#of(topic, partition);
    const first = log.length;
    for (const message of messages) log.push({ ...message, offset: log.length });
    const place = placeOf(topic, partition);
    const woken = this.#waiting.get(place);
    this.#waiting.delete(place);
    for (const wake of woken ?? []) wake();
    return first;
  }

  /** Calls back once when a message arrives in the partition. */
  onArrival(topic: string, partition: number, wake: () => void): void {
    const place = placeOf(topic, partition);
    this.#waiting.set(place, (this.#waiting.get(place) ?? new Set()).add(wake));
  }

  committed(groupId: string, topic: string, partition: number): number | undefined {
    return this.#group(groupId).committed.get(placeOf(topic, partition));
  }

  /** @throws Error unless the member belongs to the generation of the group */
  commit(groupId: string, member: GroupMember, topic: string, partition: number, offset: number): void {
    const group = this.#group(groupId);
    if (group.members.get(member.id) !== member || member.joined !== group.generation)
      throw new Error('The coordinator is not aware of this member');
    group.committed.set(placeOf(topic, partition), offset);
  }

  /**
   * Begins a rebalance, which ends when all members have joined; those that do not join in time are given up.
   * @param former what the member was before, which it takes the place of
   */
  join(groupId: string, member: GroupMember, former: GroupMember): void {
    const group = this.#group(groupId);
    group.members.delete(former.id);
    group.members.set(member.id, member);
    member.joined = undefined;
    this.#extend(groupId, member);
    if (!group.isPreparing) this.#prepare(groupId);
    this.#complete(groupId, false);
  }

  leave(groupId: string, member: GroupMember): void {
    const group = this.#group(groupId);
    if (group.members.get(member.id) !== member) return;
    group.members.delete(member.id);
    if (group.members.size === 0) group.isPreparing = false;
    else if (group.isPreparing) this.#complete(groupId, false);
    else this.#prepare(groupId);
  }

  /** @returns whether the member must join again */
  heartbeat(groupId: string, member: GroupMember): boolean {
    const group = this.#group(groupId);
    if (group.members.get(member.id) !== member) return true;
    this.#extend(groupId, member);
    return group.isPreparing || member.joined !== group.generation;
  }

  #prepare(groupId: string): void {
    const group = this.#group(groupId);
    const { generation } = group;
    group.isPreparing = true;
    this.#scheduler.after(
      REBALANCE_MS,
      () => {
        if (group.generation === generation) this.#complete(groupId, true);
      },
      null,
    );
  }

  #extend(groupId: string, member: GroupMember): void {
    member.expiresAt = this.#scheduler.now + SESSION_MS;
    this.#scheduler.after(
      SESSION_MS,
      () => {
        // A member that waits for the others has no session to lose.
        if (member.expiresAt <= this.#scheduler.now && member.onJoined === undefined)
          this.leave(groupId, member);
      },
      null,
    );
  }

  #complete(groupId: string, isOver: boolean): void {
    const group = this.#group(groupId);
    if (!group.isPreparing) return;
    const late = [...group.members.values()].filter(({ onJoined }) => onJoined === undefined);
    if (late.length > 0 && !isOver) return;
    for (const { id } of late) group.members.delete(id);
    group.isPreparing = false;
    group.generation += 1;
    const members = [...group.members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const [index, member] of members.entries()) {
      const partitions = Array.from({ length: this.#partitions }, (_, p) => p);
      const { onJoined } = member;
      member.joined = group.generation;
      member.onJoined = undefined;
      this.#extend(groupId, member);
      onJoined?.(partitions.filter((p) => p % members.length === index));
    }
  }

  #group(groupId: string): Group {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { members: new Map(), committed: new Map(), generation: 0, isPreparing: false };
      this.#groups.set(groupId, group);
    }
    return group;
  }

  #of(topic: string, partition: number): StoredMessage[] {
    const log = this.#topics.get(topic)?.partitions[partition];
    if (log === undefined) throw new Error(`This server does not host this topic-partition: ${topic}`);
    return log;
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
