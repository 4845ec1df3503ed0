import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { TopicIds } from '#topics/kafka/topic-ids.ts';
import {
  compareWithLog,
  type HeadVerdict,
  type HeldState,
  type LossCause,
  type TopicFacts,
} from './held-state.ts';

/** Where to read a partition from. */
export interface StartPosition {
  /** Next offset to read, by qualified topic. */
  readonly positions: ReadonlyMap<string, number>;
  /** Incarnation of the state from now on. */
  readonly incarnation: string;
  /** Whether the state was cleared or is older than the commit. */
  readonly isRebuild: boolean;
  /** Offset from which a member that has just joined reads by itself, by qualified topic. */
  readonly committed: ReadonlyMap<string, number>;
  /** Offset after the last message at the time of the comparison, by qualified topic. */
  readonly ends: ReadonlyMap<string, number>;
}

export interface StartsOptions {
  readonly groupId: string;
  /** Qualified names. */
  readonly topics: readonly string[];
  readonly state: HeldState;
  readonly admin: Pick<Admin, 'fetchOffsets' | 'fetchTopicOffsets'>;
  readonly topicIds: Pick<TopicIds, 'read'>;
  readonly log: Logger;
  /** Returns a random text that names a state which begins. */
  readonly newIncarnation: () => string;
  readonly onRebuild: (cause: LossCause) => void;
}

const RETRY_MS = 1_000;

/** What a process knows of a partition from before. */
export interface KnownPartition {
  /** Offsets up to which this process has handled the topics. */
  readonly handled: ReadonlyMap<string, number>;
  /** Incarnation of the state that it has continued; undefined if it has not. */
  readonly incarnation: string | undefined;
}

export const NOTHING_KNOWN: KnownPartition = { handled: new Map(), incarnation: undefined };

const EXPLANATIONS: Readonly<Record<LossCause, string>> = {
  'state-missing': 'Redis has lost the state of the partition; the log is read again from its beginning',
  'state-replaced':
    'Redis holds another state than this process has written, as after a copy was restored; the log is read again',
  'topic-anew':
    'the topic was deleted and created again; the state of the old one is deleted, and the new one is read',
  'log-shorter': 'the log ends before the state does; the state is deleted, and the log is read again',
  'state-older': 'Redis holds an older state than was committed; the log is read again from there',
};

/** Compares the state of partitions with the log, clears what cannot be continued, and says where to read from. */
export class Starts {
  readonly #options: StartsOptions;

  constructor(options: StartsOptions) {
    this.#options = options;
  }

  /**
   * Repeats until Kafka and Redis answer.
   * @returns undefined if `isWanted` no longer holds
   */
  async find(
    partition: number,
    known: KnownPartition,
    isWanted: () => boolean,
  ): Promise<StartPosition | undefined> {
    while (isWanted()) {
      try {
        const facts = await this.#factsOf(partition, known);
        return isWanted() ? await this.#startFrom(partition, facts) : undefined;
      } catch (error) {
        this.#options.log.warn(
          { partition, reason: reasonOf(error) },
          'cannot compare the state with the log',
        );
        await delay(RETRY_MS);
      }
    }
    return undefined;
  }

  async #startFrom(partition: number, facts: ReadonlyMap<string, TopicFacts>): Promise<StartPosition> {
    const verdicts = new Map([...facts].map(([topic, fact]) => [topic, compareWithLog(fact)] as const));
    const loss = this.#lossOf(verdicts);
    // Without a head there may still be an older copy that must not be continued, or the rest of an interrupted deletion.
    const isBeginning = [...facts.values()].some(({ head }) => head === undefined);
    const isOnlyOlder = loss?.cause === 'state-older' && this.#options.state.isAllOrNothing !== true;
    const isCleared = isBeginning || (loss !== undefined && !isOnlyOlder);
    if (loss !== undefined) {
      this.#options.log.warn({ ...loss, partition, isCleared }, EXPLANATIONS[loss.cause]);
      this.#options.onRebuild(loss.cause);
    }
    if (isCleared) await this.#options.state.clear(partition);
    const found = new Set([...facts.values()].map(({ head }) => head?.incarnation));
    // A topic without a head or a state without an incarnation begins, and so does the rest of the state.
    const isWhole = loss === undefined && found.size === 1;
    const incarnation = (isWhole ? [...found][0] : undefined) ?? this.#options.newIncarnation();
    const replaces = (isCleared ? undefined : [...found].find((name) => name !== undefined)) ?? null;
    const positions = new Map<string, number>();
    for (const [topic, fact] of facts) {
      const verdict = verdicts.get(topic)!;
      const isContinued = !isCleared && verdict.kind !== 'rebuild';
      positions.set(topic, isContinued ? verdict.position : fact.low);
      await this.#settleHead(topic, partition, { fact, isContinued, incarnation, replaces });
    }
    return {
      positions,
      incarnation,
      committed: new Map([...facts].map(([topic, { committed, low }]) => [topic, committed ?? low])),
      ends: new Map([...facts].map(([topic, { high }]) => [topic, high])),
      isRebuild: loss !== undefined,
    };
  }

  #lossOf(verdicts: ReadonlyMap<string, HeadVerdict>): { topic: string; cause: LossCause } | undefined {
    let older: { topic: string; cause: LossCause } | undefined;
    for (const [topic, verdict] of verdicts) {
      if (verdict.kind === 'rebuild') return { topic, cause: verdict.cause };
      if (verdict.kind === 'resume') older = { topic, cause: 'state-older' };
    }
    return older;
  }

  /** Writes the head if it was cleared, lacks the id of the topic or an incarnation, or ends before the log begins. */
  async #settleHead(
    topic: string,
    partition: number,
    settled: { fact: TopicFacts; isContinued: boolean; incarnation: string; replaces: string | null },
  ): Promise<void> {
    const { fact, isContinued, incarnation, replaces } = settled;
    const { head, topicId, low } = fact;
    const first = low - 1;
    if (isContinued && head !== undefined) {
      const isSettled = head.topicId === topicId && head.incarnation === incarnation;
      if (head.offset >= first && isSettled) return;
      const { log } = this.#options;
      if (head.offset < first)
        log.warn(
          { topic, partition, from: head.offset + 1, to: low },
          'messages expired before they were read',
        );
    }
    // A former owner may still advance a head that is continued, which must not go back.
    const offset = isContinued && head !== undefined && head.offset >= first ? undefined : first;
    const next = { offset, topicId: topicId ?? head?.topicId, incarnation, replaces };
    await this.#options.state.writeHead(topic, partition, next);
  }

  async #factsOf(
    partition: number,
    { handled, incarnation }: KnownPartition,
  ): Promise<Map<string, TopicFacts>> {
    const { admin, groupId, topics, topicIds, state } = this.#options;
    const facts = new Map<string, TopicFacts>();
    const groups = await admin.fetchOffsets({ groupId, topics: [...topics] });
    for (const topic of topics) {
      const [head, topicId, ranges] = await Promise.all([
        state.readHead(topic, partition),
        topicIds.read(topic),
        admin.fetchTopicOffsets(topic),
      ]);
      const range = ranges.find((candidate) => candidate.partition === partition);
      if (range === undefined) throw new Error(`the topic ${topic} has no partition ${partition}`);
      const group = groups.find((candidate) => candidate.topic === topic);
      const committed = Number(group?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
      facts.set(topic, {
        head,
        topicId,
        committed: committed < 0 ? undefined : committed,
        handled: handled.get(topic),
        known: incarnation,
        low: Number(range.low),
        high: Number(range.high),
      });
    }
    return facts;
  }
}
