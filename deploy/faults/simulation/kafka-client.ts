import type { Admin, Kafka } from 'kafkajs';
import type { Random } from '#algorithms/random.ts';
import type { Broker, GroupMember, StoredMessage } from './broker.ts';
import type { SimulatedProcess } from './process.ts';

type Listener = (event: { payload: never }) => void;
type EachBatch = (payload: unknown) => Promise<void>;

const EVENTS = {
  GROUP_JOIN: 'join',
  REBALANCING: 'rebalancing',
  END_BATCH_PROCESS: 'end batch',
  CRASH: 'crash',
};
/** A fetch without messages returns after this time, and the member says that it is alive, ms. */
const IDLE_FETCH_MS = 2_500;
const HEARTBEAT_MS = 2_000;
const RETRY_MS = 300;
const METADATA_WITH_IDS = { 3: { maxVersion: 12 } };

export interface ClientOptions {
  readonly broker: Broker;
  readonly process: SimulatedProcess;
  readonly random: Random;
}

/** A client of kafkajs whose brokers are simulated, with the methods that the platform uses. */
export function createSimulatedKafka(options: ClientOptions): Kafka {
  const { broker, process } = options;
  const client = {
    admin: () => createAdmin(options),
    consumer: ({ groupId }: { groupId: string }) => new SimulatedConsumer(groupId, options),
    // The ids of topics are read in the private way of kafkajs.
    [Symbol('private:Kafka:createCluster')]: () => ({
      connect: async () => undefined,
      disconnect: async () => undefined,
      refreshMetadata: async () => undefined,
      findControllerBroker: async () => ({
        versions: METADATA_WITH_IDS,
        connectionPool: {
          async send({ request }: { request: { encode(): Promise<{ buffer: Buffer }> } }) {
            const topic = topicIn((await request.encode()).buffer);
            return process.request(() => broker.idOf(topic) ?? '0'.repeat(32), lostRequest);
          },
        },
      }),
    }),
  };
  return client as unknown as Kafka;
}

function lostRequest(): Error {
  return new Error('the connection to the broker is lost');
}

/** The request begins with a byte of tags, the number of topics and 16 bytes of an id; then comes the name with its length. */
function topicIn(bytes: Buffer): string {
  const at = 1 + 1 + 16;
  return bytes.toString('utf8', at + 1, at + bytes.readUInt8(at));
}

function createAdmin({ broker, process }: ClientOptions): Admin {
  const ask = <T>(work: () => T): Promise<T> => process.request(work, lostRequest);
  const all = Array.from({ length: broker.partitions }, (_, partition) => partition);
  const admin: Pick<Admin, 'connect' | 'disconnect' | 'deleteGroups' | 'fetchOffsets' | 'fetchTopicOffsets'> =
    {
      connect: async () => undefined,
      disconnect: async () => undefined,
      // A group without members costs nothing here.
      deleteGroups: async () => [],
      fetchOffsets: ({ groupId, topics = [] }) =>
        ask(() =>
          topics.map((topic) => ({
            topic,
            partitions: all.map((partition) => {
              const offset = String(broker.committed(groupId, topic, partition) ?? -1);
              return { partition, offset, metadata: null };
            }),
          })),
        ),
      fetchTopicOffsets: (topic) =>
        ask(() =>
          all.map((partition) => {
            const high = String(broker.messages(topic, partition).length);
            return { partition, offset: high, high, low: '0' };
          }),
        ),
    };
  return admin as Admin;
}

interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to fetch; undefined until it is looked up. */
  next: number | undefined;
  seeks: number;
}

let members = 0;

/** A member of a group, which joins again whenever the group changes, and fetches the partitions that it is given. */
class SimulatedConsumer {
  readonly events = EVENTS;
  readonly #groupId: string;
  readonly #options: ClientOptions;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #positions = new Map<string, Position>();
  #topics: readonly string[] = [];
  #eachBatch: EachBatch = async () => undefined;
  #member: GroupMember;
  #isRunning = false;
  /** Counts the joins; the fetchers of an earlier one end. */
  #turn = 0;
  #isJoining = false;
  #beatAt = 0;

  constructor(groupId: string, options: ClientOptions) {
    this.#groupId = groupId;
    this.#options = options;
    this.#member = newMember(options);
  }

  on(event: string, listener: Listener): () => void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return () => undefined;
  }

  async connect(): Promise<void> {}

  async subscribe({ topics }: { topics?: unknown }): Promise<void> {
    this.#topics = topics as readonly string[];
  }

  async run({ eachBatch }: { eachBatch?: unknown } = {}): Promise<void> {
    this.#eachBatch = eachBatch as EachBatch;
    this.#isRunning = true;
    await this.#join();
  }

  pause(): void {}

  seek({ topic, partition, offset }: { topic: string; partition: number; offset: string }): void {
    const position = this.#positionOf(topic, partition);
    position.next = Number(offset);
    position.seeks += 1;
  }

  commitOffsets(
    offsets: ReadonlyArray<{ topic: string; partition: number; offset: string }> = [],
  ): Promise<void> {
    const { broker, process } = this.#options;
    const member = this.#member;
    return process.request(() => {
      for (const { topic, partition, offset } of offsets)
        broker.commit(this.#groupId, member, topic, partition, Number(offset));
    }, lostRequest);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    const { broker, process } = this.#options;
    await process
      .request(() => broker.leave(this.#groupId, this.#member), lostRequest)
      .catch(() => undefined);
  }

  async disconnect(): Promise<void> {}

  async #join(): Promise<void> {
    if (this.#isJoining || !this.#isRunning) return;
    this.#isJoining = true;
    this.#turn += 1;
    const { broker, process } = this.#options;
    const { scheduler } = process;
    this.#emit(EVENTS.REBALANCING, {});
    // A member that was given up is not known any more, and comes back as another one.
    const member = newMember(this.#options);
    const former = this.#member;
    this.#member = member;
    const partitions = await new Promise<readonly number[]>((resolve) => {
      member.onJoined = (owned) => void scheduler.after(process.latency(), () => resolve(owned), process);
      scheduler.after(process.latency(), () => broker.join(this.#groupId, member, former), null);
    });
    this.#beatAt = scheduler.now;
    this.#isJoining = false;
    if (!this.#isRunning) return;
    this.#positions.clear();
    const memberAssignment = Object.fromEntries(this.#topics.map((topic) => [topic, [...partitions]]));
    this.#emit(EVENTS.GROUP_JOIN, { memberAssignment });
    void this.#beat(this.#turn);
    for (const owned of this.#byLeader(partitions)) void this.#fetchAll(owned, this.#turn);
  }

  /** One fetch asks a broker for all partitions that it leads; here there are one or two brokers. */
  #byLeader(partitions: readonly number[]): Position[][] {
    const brokers = 1 + this.#options.random.integer(2);
    const byLeader = Array.from({ length: brokers }, (): Position[] => []);
    for (const topic of this.#topics)
      for (const partition of partitions)
        byLeader[partition % brokers]!.push(this.#positionOf(topic, partition));
    return byLeader.filter((positions) => positions.length > 0);
  }

  /** A member without partitions must say too that it is alive. */
  async #beat(turn: number): Promise<void> {
    const { process } = this.#options;
    while (this.#isRunning && this.#turn === turn) {
      await process.scheduler.wait(IDLE_FETCH_MS, process);
      if (this.#turn === turn) await this.#heartbeat().catch(() => undefined);
    }
  }

  async #fetchAll(positions: readonly Position[], turn: number): Promise<void> {
    const isCurrent = (): boolean => this.#isRunning && this.#turn === turn;
    while (isCurrent()) {
      try {
        const fetched = await this.#fetch(positions);
        // As in kafkajs, the next fetch waits for the batches of all partitions.
        if (isCurrent()) await Promise.all(fetched.map((one) => this.#handle(one, isCurrent)));
        if (isCurrent()) await this.#heartbeat();
      } catch {
        await this.#options.process.scheduler.wait(RETRY_MS, this.#options.process);
      }
    }
  }

  /** @returns the partitions with messages; not those the position of which was changed meanwhile */
  async #fetch(positions: readonly Position[]): Promise<readonly Fetched[]> {
    const { broker, process, random } = this.#options;
    await Promise.all(positions.map((position) => this.#lookUp(position)));
    const asked = positions.map((position) => {
      const most = 1 + random.integer(random.next() < 0.5 ? 3 : 40);
      return { position, from: position.next!, seeks: position.seeks, most };
    });
    const answers = await process.request(
      () =>
        asked.map(({ position: { topic, partition }, from, most }) => {
          const log = broker.messages(topic, partition);
          return { messages: log.slice(from, from + most), end: log.length };
        }),
      lostRequest,
    );
    const valid = asked
      .map((one, place) => ({ ...one, ...answers[place]! }))
      .filter(({ position, seeks }) => position.seeks === seeks);
    // As kafkajs does after an offset out of range.
    for (const { position, from, end } of valid) if (from > end) position.next = 0;
    if (answers.every(({ messages }) => messages.length === 0)) await this.#arrival(positions);
    return valid.filter(({ messages }) => messages.length > 0);
  }

  async #lookUp(position: Position): Promise<void> {
    if (position.next !== undefined) return;
    const { broker, process } = this.#options;
    const { topic, partition, seeks } = position;
    const next = await process.request(
      () => broker.committed(this.#groupId, topic, partition) ?? 0,
      lostRequest,
    );
    if (position.seeks === seeks) position.next = next;
  }

  /** Resolves soon after a message of one of the partitions has arrived. */
  #arrival(positions: readonly Position[]): Promise<void> {
    const { broker, process } = this.#options;
    const { scheduler } = process;
    return new Promise((resolve) => {
      const wake = (): void => void scheduler.after(process.latency(), resolve, process);
      for (const { topic, partition } of positions) broker.onArrival(topic, partition, wake);
      scheduler.after(IDLE_FETCH_MS, resolve, process);
    });
  }

  async #handle({ position, messages, end, from, seeks }: Fetched, isCurrent: () => boolean): Promise<void> {
    const { topic, partition } = position;
    const last = messages.at(-1)!.offset;
    await this.#eachBatch({
      batch: {
        topic,
        partition,
        messages: messages.map(({ key, value, offset, timestamp }) => ({
          key,
          value,
          headers: {},
          attributes: 0,
          offset: String(offset),
          timestamp: String(timestamp),
        })),
        fetchedOffset: String(from),
        lastOffset: () => String(last),
        offsetLag: () => String(end - 1 - last),
      },
      isStale: () => position.seeks !== seeks,
      isRunning: () => isCurrent(),
      heartbeat: () => this.#heartbeat(),
      resolveOffset: (offset: string) => {
        if (isCurrent() && position.seeks === seeks) position.next = Number(offset) + 1;
      },
    });
  }

  /** @throws Error when the group rebalances */
  async #heartbeat(): Promise<void> {
    const { broker, process } = this.#options;
    const { scheduler } = process;
    if (scheduler.now - this.#beatAt < HEARTBEAT_MS) return;
    this.#beatAt = scheduler.now;
    const member = this.#member;
    const mustJoin = await process.request(() => broker.heartbeat(this.#groupId, member), lostRequest);
    if (!mustJoin || member !== this.#member || this.#isJoining || member.onJoined !== undefined) return;
    void this.#join();
    throw new Error('The group is rebalancing, so a rejoin is needed');
  }

  #positionOf(topic: string, partition: number): Position {
    const key = `${topic}/${partition}`;
    let position = this.#positions.get(key);
    if (position === undefined) {
      position = { topic, partition, next: undefined, seeks: 0 };
      this.#positions.set(key, position);
    }
    return position;
  }

  #emit(event: string, payload: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener({ payload } as never);
  }
}

interface Fetched {
  readonly position: Position;
  readonly messages: readonly StoredMessage[];
  readonly end: number;
  readonly from: number;
  readonly seeks: number;
}

function newMember({ process }: ClientOptions): GroupMember {
  members += 1;
  const id = `${process.name}-${String(members).padStart(6, '0')}`;
  return { id, expiresAt: 0, joined: undefined, onJoined: undefined };
}
