import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { TopicIds } from '#topics/kafka/topic-ids.ts';
import { compareWithLog, type HeldState, type LossCause, type TopicFacts } from './held-state.ts';

/** Where to read a partition from. */
export interface Start {
  /** Next offset to read, by qualified topic. */
  readonly positions: ReadonlyMap<string, number>;
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
  readonly onRebuild: (cause: LossCause | 'state-older') => void;
}

const RETRY_MS = 1_000;

const EXPLANATIONS: Readonly<Record<LossCause | 'state-older', string>> = {
  'state-missing': 'Redis has lost the state of the partition; the log is read again from its beginning',
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

  /** Repeats until Kafka and Redis answer. @returns undefined if `isWanted` no longer holds */
  async find(partition: number, isWanted: () => boolean): Promise<Start | undefined> {
    while (isWanted()) {
      try {
        const facts = await this.#factsOf(partition);
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

  async #startFrom(partition: number, facts: ReadonlyMap<string, TopicFacts>): Promise<Start> {
    const { state, log, onRebuild } = this.#options;
    const verdicts = [...facts].map(([topic, fact]) => [topic, compareWithLog(fact)] as const);
    const ends = new Map([...facts].map(([topic, { high }]) => [topic, high]));
    const commits = new Map([...facts].map(([topic, { committed, low }]) => [topic, committed ?? low]));
    const lost = verdicts.find(([, { kind }]) => kind === 'rebuild');
    if (lost?.[1].kind === 'rebuild') {
      const { cause } = lost[1];
      log.warn({ topic: lost[0], partition, cause }, EXPLANATIONS[cause]);
      onRebuild(cause);
      await state.clear(partition);
    }
    const positions = new Map<string, number>();
    let isOlder = false;
    for (const [topic, verdict] of verdicts) {
      const { head, topicId, low, committed } = facts.get(topic)!;
      const position = verdict.kind === 'continue' && lost === undefined ? verdict.position : low;
      positions.set(topic, position);
      const isHeadCurrent = head !== undefined && head.offset >= low - 1 && head.topicId === topicId;
      if (lost !== undefined || !isHeadCurrent) {
        if (head !== undefined && lost === undefined && head.offset < low - 1)
          log.warn(
            { topic, partition, from: head.offset + 1, to: low },
            'messages expired before they were read',
          );
        const offset = lost === undefined ? Math.max(head?.offset ?? low - 1, low - 1) : low - 1;
        await state.writeHead(topic, partition, { offset, topicId: topicId ?? head?.topicId });
      }
      if (lost === undefined && head !== undefined && head.offset + 1 < (committed ?? 0)) isOlder = true;
    }
    if (isOlder) {
      log.warn({ partition, positions: Object.fromEntries(positions) }, EXPLANATIONS['state-older']);
      onRebuild('state-older');
    }
    return { positions, committed: commits, ends, isRebuild: lost !== undefined || isOlder };
  }

  async #factsOf(partition: number): Promise<Map<string, TopicFacts>> {
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
        low: Number(range.low),
        high: Number(range.high),
      });
    }
    return facts;
  }
}
