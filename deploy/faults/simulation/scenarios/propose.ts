import { modelNamesOf } from '#contracts/domain/proposed-lists.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { asOne } from '#platform/kafka/batches-together.ts';
import { LiveEmbeddings } from '../../../../services/propose/embeddings/live-embeddings.ts';
import { ForEveryone } from '../../../../services/propose/for-everyone.ts';
import { createPass } from '../../../../services/propose/pass.ts';
import type { Author } from '../../../../services/propose/proposals.ts';
import { medoidNeighbours } from '../../../../services/propose/proposers/medoid-neighbours.ts';
import type { ListsForUsers, Resources } from '../../../../services/propose/proposers/proposer.ts';
import type { Outcome, Report } from '../../../../services/propose/report.ts';
import { Runner } from '../../../../services/propose/runner.ts';
import { checkMembership } from '../../checkers/generations.ts';
import { describeMissing, missingLists, type OwedList } from '../../checkers/proposals.ts';
import { checkGenerations } from '../../checkers/slates.ts';
import { followTopics } from '../follow-topics.ts';
import type { Scenario, Seam, Staging } from '../scenario.ts';
import type { SimulatedPorts } from '../simulated-ports.ts';
import { declareActive, itemsOf, ledgerOf, train } from '../train.ts';
import { UsersOfFlips } from '../users-of-flips.ts';
import type { World } from '../world.ts';

const CHANGES = 40;
const FLIPS = 3;
/** Users get interests of the new generation within this time of its flip, each at another moment, ms. */
const FLIP_SPREAD_MS = 4_000;
const TIMEOUT_MS = 3_000;
/** The one that proposes in a generation. */
const SEARCHING = 'medoid-neighbours';
const FLAKY = 'flaky';
const FOR_EVERYONE = 'for-everyone';

/** Bounds and models of one run. */
interface Setting {
  readonly models: readonly string[];
  readonly waitingUsers: number;
  /** Whether the second model fails at the moment, so that its users wait. */
  isDown(): boolean;
}

/** What processes did with the interests they took. */
interface Ledger {
  readonly counts: Map<Outcome, number>;
  mostWaiting: number;
}

/** The pass over interests, its runners and its embeddings, through flips and failing models. */
export const proposeScenario: Scenario = {
  name: 'propose',
  topics: ['items', 'embeddings', 'releases', 'interests', 'proposals'],
  anew: ['interests'],
  clockShiftMs: 60_000,
  calmMs: 70_000,
  async begin({ world, random, seam, until }: Staging) {
    const { scheduler } = world;
    const span = until - scheduler.now;
    const outages = Array.from({ length: 3 }, () => {
      const from = scheduler.now + span * random.next();
      return { from, to: Math.min(until, from + 10_000 * random.next()) };
    });
    const setting: Setting = {
      models: random.next() < 0.3 ? [SEARCHING] : [SEARCHING, FLAKY],
      waitingUsers: random.next() < 0.3 ? 2 : 100,
      isDown: () => outages.some(({ from, to }) => from <= scheduler.now && scheduler.now < to),
    };
    const ledger: Ledger = { counts: new Map(), mostWaiting: 0 };
    const processes: Process[] = [];
    for (const name of ['propose-1', 'propose-2'])
      world.supervise(name, async (ports) => {
        const one = new Process(ports, setting, ledger);
        processes.push(one);
        await startPropose(one, seam);
      });
    await train(world, { generation: 'g1', durationMs: 0, isRejected: false, random });
    declareActive(world, 'g1');
    const users = new UsersOfFlips(world, random.fork('interests'));
    for (let i = 0; i < CHANGES; i++) scheduler.after(span * random.next(), () => users.change(), null);
    for (let number = 2; number < 2 + FLIPS; number++)
      scheduler.after(
        (span * (number - 2 + 0.8 * random.next())) / FLIPS,
        () => void flip(world, users, `g${number}`, random.fork(number)),
        null,
      );
    return async () => {
      const [proposals, logged] = [world.read('proposals'), world.read('interests')];
      const log = { interests: logged, proposals, partitions: world.broker.partitions };
      const missing = missingLists(log, setting.models, new Set([SEARCHING]));
      // A restart drops the users that wait in memory, as the README of the stage says.
      const excused = processes.flatMap((one) => one.leftBehind());
      const lost = missing.filter((owed) => !excused.some((left) => isSame(left, owed)));
      const generations = Array.from({ length: FLIPS + 1 }, (_, i) => `g${i + 1}`);
      // A topic that was made anew has lost the interests that were answered.
      const wasMadeAnew = world.story.some((line) => line.endsWith('anew'));
      const isStopped = !proposals.some(
        ({ timestamp, value }) =>
          value !== null && modelNamesOf(value).includes(FOR_EVERYONE) && timestamp > until + 50_000,
      );
      return [
        // A bound drops the users that wait longest, and counts them.
        ...(lost.length > (ledger.counts.get('dropped') ?? 0) ? lost.map(describeMissing) : []),
        ...(ledger.mostWaiting > setting.waitingUsers
          ? [`${ledger.mostWaiting} users waited; at most ${setting.waitingUsers} may`]
          : []),
        ...(isStopped ? ['no process publishes lists for everyone in the end'] : []),
        ...checkMembership(proposals, new Map(generations.map((name) => [name, new Set(itemsOf(name))]))),
        ...(wasMadeAnew ? [] : checkGenerations({ slates: [], proposals, interests: logged })),
      ];
    };
  },
};

/** What one process took and published. */
class Process {
  readonly ports: SimulatedPorts;
  readonly setting: Setting;
  readonly ledger: Ledger;
  /** Lists that the runners took on, by user and model, until they are published. */
  readonly #owed = new Map<string, OwedList>();
  readonly #waiting = new Map<string, number>();

  constructor(ports: SimulatedPorts, setting: Setting, ledger: Ledger) {
    this.ports = ports;
    this.setting = setting;
    this.ledger = ledger;
  }

  readonly report: Report = {
    count: (_model, outcome, lists) => {
      const { counts } = this.ledger;
      counts.set(outcome, (counts.get(outcome) ?? 0) + lists);
    },
    waiting: (model, users) => {
      this.#waiting.set(model, users);
      this.ledger.mostWaiting = Math.max(this.ledger.mostWaiting, users);
    },
    warn: () => undefined,
  };

  took(model: string, interests: readonly UserInterests[]): void {
    for (const { userId, version, generation } of interests)
      this.#owed.set(`${model}/${userId}`, { userId, model, version, generation });
  }

  published(record: Proposal): void {
    for (const model of modelNamesOf(record)) {
      const owed = this.#owed.get(`${model}/${record.userId}`);
      if (owed?.version === record.version) this.#owed.delete(`${model}/${record.userId}`);
    }
  }

  /** The lists that were waiting in its memory when it ended. */
  leftBehind(): OwedList[] {
    if (!this.ports.process.isDead) return [];
    return [...this.#owed.values()].filter(({ model }) => (this.#waiting.get(model) ?? 0) > 0);
  }
}

/** As `services/propose/main.ts` composes the stage. */
async function startPropose(one: Process, seam: Seam): Promise<void> {
  const { ports, setting, report } = one;
  const { process } = ports;
  const now = (): number => performance.now();
  const embeddings = new LiveEmbeddings({ popularity: { share: () => 1 }, duplicateCosine: 1, now });
  const { caughtUp } = await followTopics(ports, embeddings.handlers);
  await caughtUp;
  embeddings.markCaughtUp();
  const publish = async (proposal: Proposal): Promise<void> => {
    await ports.produce('proposals', proposal.userId, proposal, process.scheduler.now);
    one.published(proposal);
  };
  const find = seam('propose.embeddings', { find: (id: string) => embeddings.find(id) });
  const runners = modelsOf(setting, find, process.scheduler).map((model) => {
    const runner = new Runner({
      model: seam('propose.model', model),
      isAlone: setting.models.length === 1,
      timeoutMs: TIMEOUT_MS,
      waitingUsers: setting.waitingUsers,
      publish,
      report,
      signal: ports.signal,
      onFailure: (error) => process.fail(error),
    });
    ports.onDrain(() => runner.close());
    return {
      name: model.name,
      propose: async (...[asked, deliver]: Parameters<Runner['propose']>) => {
        one.took(
          model.name,
          asked.map(({ interests }) => interests),
        );
        await runner.propose(asked, deliver);
      },
      forget: (userId: string) => runner.forget(userId),
    };
  });
  const forEveryone = new ForEveryone({
    models: [
      {
        ...authorOf(FOR_EVERYONE),
        everyMs: 2_000,
        propose: async () => ({ items: [{ itemId: 'tea', score: 1 }] }),
      },
    ],
    timeoutMs: TIMEOUT_MS,
    publish,
    report,
    now: Date.now,
  });
  ports.onDrain(async () => forEveryone.close());
  const pass = seam('propose.pass', { handle: createPass(runners, publish) });
  await ports.consume(
    'propose',
    { interests: asOne((batches) => pass.handle(...batches)) },
    { onAssigned: (partitions) => forEveryone.own(partitions) },
  );
}

/** The real model that searches a generation, and one that fails for a while or gives no answer. */
function modelsOf(
  { models, isDown }: Setting,
  embeddings: Pick<Resources['embeddings'], 'find'>,
  scheduler: Staging['world']['scheduler'],
): Array<Author & ListsForUsers> {
  const settings = { medoidsSampled: 5_000, popularityExponent: 0 };
  const searching = medoidNeighbours.create({ embeddings }, { settings, candidates: 10 }) as ListsForUsers;
  const flaky: ListsForUsers = {
    async propose(users) {
      if (isDown()) {
        // Some calls hang beyond the time limit.
        if (scheduler.now % 3 < 1) await scheduler.wait(10 * TIMEOUT_MS);
        throw new TributaryError('peer.unavailable', 'the model is down', { retryable: true });
      }
      return new Map(users.map(({ userId }) => [userId, { items: [{ itemId: 'tea', score: 1 }] }]));
    },
  };
  return models.map((name) => ({
    ...authorOf(name),
    propose: (users, signal) => (name === SEARCHING ? searching : flaky).propose(users, signal),
  }));
}

function authorOf(name: string): Author {
  return { name, explanation: '', candidates: 10 };
}

function isSame(a: OwedList, b: OwedList): boolean {
  return (
    a.userId === b.userId && a.model === b.model && a.version === b.version && a.generation === b.generation
  );
}

/** A generation is trained and served, and the users' interests follow. */
async function flip(
  world: World,
  users: UsersOfFlips,
  generation: string,
  random: Staging['random'],
): Promise<void> {
  await train(world, { generation, durationMs: 4_000 * random.next(), isRejected: false, random });
  await world.scheduler.wait(2_000 * random.next(), null);
  declareActive(world, generation);
  if (ledgerOf(world).active()?.generation !== generation) return;
  for (const userId of users.userIds)
    world.scheduler.after(FLIP_SPREAD_MS * random.next(), () => users.flip(userId, generation), null);
}
