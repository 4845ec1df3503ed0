/**
 * # Build a proposal model
 *
 * This chapter is a test: read it from top to bottom, and run it with `npm test -- build-a-proposer`.
 *
 * A proposal model turns the interests of users into lists of candidates. Here you build one from nothing. It is called
 * `latest-interest`: it looks at the cluster of actions that a user touched last and proposes items near its medoid.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TributaryError } from '#contracts/errors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { number } from '#platform/config.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { explain } from '../gateway/reason.ts';
import { readProposeConfig } from '../propose/config.ts';
import { createModels, type ModelsByAudience } from '../propose/models.ts';
import { openPass } from '../propose/pass.testing.ts';
import {
  defineProposer,
  type ListsForUsers,
  type ProposedList,
  type Proposer,
  type Resources,
} from '../propose/proposers/proposer.ts';
import { createNeighbourSearch } from '../propose/proposers/search-neighbours.ts';

// ## 1. The model
//
// A model is one value, made by `defineProposer`. In the stage this is the whole file `proposers/latest-interest.ts`.

const latestInterest = defineProposer({
  // The name stands in each proposal, in slates and in metrics.
  name: 'latest-interest',

  // The gateway fills in the explanation for the user: `{cause}` is the title of the item in `because` below, and `{deed}` the
  // action of the user on it.
  explanation: 'since you {deed} {cause} lately',

  // `interests` says that the model proposes for each user. `index` gives it the embeddings. The other resources are described
  // in `proposers/proposer.ts`. A process opens only the resources that its models need.
  needs: ['interests', 'index'],

  // Each setting is an environment variable with a default, a range and a meaning. The stage reads the settings of all models at
  // its start and lists all faults at once.
  settings: {
    neighbours: number('TRIBUTARY_LATEST_NEIGHBOURS', {
      fallback: 20,
      minimum: 1,
      maximum: 1_000,
      integer: true,
      summary: 'neighbours of the latest medoid that are proposed',
    }),
  },

  // `create` runs once, at the start. Its argument holds what `needs` and `settings` declare, and the compiler knows it: the
  // type of `index` is that of the client of the index, and `popularity` does not exist here, because it is not needed.
  create({ index, settings }) {
    const searchNeighbours = createNeighbourSearch(index, settings.neighbours);
    // `propose` gets up to 32 users at once, so that one search of the index serves them all.
    const propose: ListsForUsers['propose'] = async (users) => {
      const lists = new Map<string, ProposedList>();
      // Embeddings of two generations lie in different spaces, so each search stays in one.
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        const latest = group.flatMap((user) => latestMedoidOf(user) ?? []);
        const itemIds = latest.map(({ because }) => because.itemId);
        const neighbours = await searchNeighbours(generation, itemIds);
        // The index no longer holds the generation. These users are skipped; their interests in the new generation follow.
        if (neighbours === undefined) continue;
        for (const [place, { userId, because }] of latest.entries()) {
          const items = (neighbours[place] ?? []).map((neighbour) => ({ ...neighbour, because }));
          if (items.length > 0) lists.set(userId, { items, generation });
        }
      }
      // A user for whom the model returns no list keeps the last one.
      return lists;
    };
    return { propose };
  },
});

function latestMedoidOf({ userId, medoids }: UserInterests) {
  const medoid = medoids.toSorted((a, b) => b.lastOccurredAt - a.lastOccurredAt)[0];
  if (medoid === undefined) return undefined;
  const { itemId, type, lastOccurredAt } = medoid;
  // A cause carries the share of its medoid in the importance of all medoids, from 0 to 1.
  const importance = medoid.importance / medoids.reduce((sum, one) => sum + one.importance, 0);
  return { userId, because: { itemId, type, importance, lastOccurredAt } };
}

// ## 2. Something to run it on
//
// The resources are interfaces, so a test brings its own. This index holds the generation `g1`, in which two items lie
// beside each item, and a switch turns it off. Ann bought a kettle in January and viewed tea in March.

let indexIsDown = false;

const index: Resources['index'] = {
  search: async ({ generation = '', queries }) => {
    if (indexIsDown) throw new TributaryError('peer.unavailable', 'the index is down', { retryable: true });
    if (generation !== 'g1') throw new TributaryError('generation.unknown', generation);
    const near = (itemId: string) => [
      { itemId: `${itemId}-2`, score: 0.9 },
      { itemId: `${itemId}-3`, score: 0.8 },
    ];
    return {
      generation,
      results: queries.map((query) => ({ neighbours: 'itemId' in query ? near(query.itemId) : [] })),
    };
  },
  vectors: async () => ({}),
  items: async () => ({}),
  withheld: async () => new Set(),
};

const kettle = {
  itemId: 'kettle',
  type: 'buy',
  importance: 4,
  size: 3,
  lastOccurredAt: Date.UTC(2026, 0, 9),
};
const tea = { itemId: 'tea', type: 'view', importance: 1, size: 1, lastOccurredAt: Date.UTC(2026, 2, 1) };
const ann: UserInterests = {
  userId: 'ann',
  version: 12,
  generation: 'g1',
  streamTime: tea.lastOccurredAt,
  receivedAt: tea.lastOccurredAt,
  medoids: [kettle, tea],
  recent: ['tea', 'kettle'],
  windowSize: 4,
  unknownItems: 0,
  types: [],
  recentTypes: [],
  repeats: [],
};

/** The models that a stage with this registry creates. */
function create(registry: Proposer[], resources: Partial<Resources>): ModelsByAudience {
  return createModels(readProposeConfig({}, registry), resources);
}

// ## 3. Its proposals
//
// The pass reads a batch of interests and calls the models. `openPass` is the real pass with a list in place of the topic
// `proposals`. The stage completes what the model returned: user, version of the interests, recent items, explanation.

test('a model of a few lines proposes through the real pass', async () => {
  const pass = openPass(create([latestInterest], { index }).forUsers);
  await pass.read(ann);
  const because = { itemId: 'tea', type: 'view', importance: 0.2, lastOccurredAt: tea.lastOccurredAt };
  assert.deepEqual(pass.published, [
    {
      userId: 'ann',
      model: 'latest-interest',
      version: 12,
      generation: 'g1',
      receivedAt: ann.receivedAt,
      recent: ['tea', 'kettle'],
      interestsOffset: 0,
      interestsAt: 0,
      explanation: 'since you {deed} {cause} lately',
      items: [
        { itemId: 'tea-2', score: 0.9, because, popularity: 0, explanation: '' },
        { itemId: 'tea-3', score: 0.8, because, popularity: 0, explanation: '' },
      ],
    },
  ]);
});

// ## 4. Its explanation
//
// A slate carries the explanation and the cause of each of its items. The gateway knows no model: it fills in the title and
// the verb of the action.

test('the gateway explains the items of a model in the words of the model', () => {
  const reason = explain(latestInterest.explanation, { title: 'Green tea', type: 'view' });
  assert.equal(reason, 'since you viewed “Green tea” lately');
});

// ## 5. Its settings
//
// A wrong value stops the stage at its start, with the variable, the range and the meaning.

test('the settings of a model are read from the environment and checked', () => {
  const registry = [latestInterest];
  const chosen = readProposeConfig({ TRIBUTARY_LATEST_NEIGHBOURS: '7' }, registry);
  assert.deepEqual(chosen.settingsOf(latestInterest), { neighbours: 7 });
  assert.throws(
    () => readProposeConfig({ TRIBUTARY_LATEST_NEIGHBOURS: '0', TRIBUTARY_CANDIDATES: 'many' }, registry),
    (error: Error) =>
      /TRIBUTARY_LATEST_NEIGHBOURS must be a whole number .*from 1 to 1000, but is "0"/.test(error.message) &&
      /TRIBUTARY_CANDIDATES must be/.test(error.message),
  );
});

// ## 6. When it fails
//
// A list that was published stays until a newer one replaces it, so a model that fails leaves its last lists in the slates.
//
// - An error with `retryable: true` says that the same call may succeed later. The client of the index throws such errors.
//   The users wait in memory, each with the newest interests, and the model is tried again. The other models go on.
// - A model that takes longer than `TRIBUTARY_PROPOSER_TIMEOUT_MS` is treated in the same way. Its signal is aborted.
// - After any other error the stage finds the users who cause it and counts them. They get a list with their next interests.
// - A model that is alone in its process delays no other model. After a retryable error the stage tries the model again until it
//   works, and meanwhile the lag grows.
// - After a flip the index forgets the old generation, and a search in it throws `generation.unknown`. The search of
//   `createNeighbourSearch` returns undefined then, and the model skips these users. Without it they would count as failed.
//
// `tributary_proposals_total{model, outcome}` counts all of this, and a warning is logged once a minute.

test('a model that fails leaves the other models alone, and catches up when it works again', async () => {
  const other = defineProposer({
    name: 'other',
    explanation: '',
    needs: ['interests'],
    settings: {},
    create: () => ({
      propose: async (users) => new Map(users.map(({ userId }) => [userId, { items: [] }])),
    }),
  });
  const pass = openPass(create([latestInterest, other], { index }).forUsers);

  indexIsDown = true;
  await pass.read(ann);
  assert.deepEqual(pass.listsOf('latest-interest'), {});
  assert.deepEqual(pass.listsOf('other'), { ann: '' });
  assert.equal(pass.report.waitingUsers, 1);
  assert.match(pass.report.warnings[0]!, /^latest-interest: .*the index is down$/);

  indexIsDown = false;
  await waitFor(() => pass.report.waitingUsers === 0, { message: 'ann gets the list' });
  assert.deepEqual(pass.listsOf('latest-interest'), { ann: 'tea-2,tea-3' });
});

test('a user whose generation the index no longer holds is skipped', async () => {
  const pass = openPass(create([latestInterest], { index }).forUsers);
  await pass.read({ ...ann, generation: 'g0' });
  assert.deepEqual(pass.published, []);
  assert.deepEqual(pass.report.warnings, []);
});

// ## 7. A list for everyone
//
// A model that does not need `interests` returns one list for all users, at an interval. One process publishes it.

test('a model that does not need interests proposes one list for everyone', async () => {
  const staffPicks = defineProposer({
    name: 'staff-picks',
    explanation: 'picked by us',
    needs: [],
    settings: {},
    create: () => ({ everyMs: 60_000, propose: async () => ({ items: [{ itemId: 'tea', score: 1 }] }) }),
  });
  const { forUsers, forEveryone } = create([staffPicks], {});
  assert.equal(forUsers.length, 0);
  assert.deepEqual(
    forEveryone.map(({ name, everyMs }) => [name, everyMs]),
    [['staff-picks', 60_000]],
  );
});

// ## 8. One line
//
// To ship the model, move section 1 to `services/propose/proposers/latest-interest.ts` as an exported constant, its test beside it,
// and name it in the one line of `services/propose/proposers/registry.ts` (with its import above):
//
//     export const PROPOSERS: readonly Proposer[] = [medoidNeighbours, trending, latestInterest];
//
// Then run `npm run generate`, which writes its settings into the README of the stage. Nothing else changes: the bandit adds columns
// for the new model, which begin at the prior, and learns from the rewards.
//
// The model begins with the interests that come from now on. For a list for every user at once, run it as a process of its own
// (`TRIBUTARY_PROPOSERS=latest-interest npm run stage propose`), which reads `interests` from the beginning.
