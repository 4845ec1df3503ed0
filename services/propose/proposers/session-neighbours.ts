import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';
import { createSessionModel, rankByNeighbours } from './session-lists.ts';

/** Items of the latest sessions that are most like the user's current one. */
export const sessionNeighbours = defineProposer({
  name: 'session-neighbours',
  explanation: 'chosen by others with the same items',
  needs: ['interests', 'sessions'],
  // Its lists wait for an action, and on baskets they are costly and worse than the others (decision 0042).
  byDefault: false,
  settings: {
    compared: number('TRIBUTARY_SESSION_COMPARED', {
      fallback: 10,
      minimum: 1,
      maximum: 50,
      integer: true,
      unit: 'items',
      summary: 'latest items of the current session by which similar sessions are sought',
    }),
    sample: number('TRIBUTARY_SESSION_SAMPLE', {
      fallback: 1_000,
      minimum: 1,
      maximum: 100_000,
      integer: true,
      unit: 'sessions',
      summary:
        'latest sessions with an item of the current one, of which the most similar are its neighbours',
    }),
    neighbours: number('TRIBUTARY_SESSION_NEIGHBOURS', {
      fallback: 200,
      minimum: 1,
      maximum: 10_000,
      integer: true,
      unit: 'sessions',
      summary: 'neighbours of the current session, whose items are proposed',
    }),
  },
  create: ({ sessions, settings, candidates }) =>
    createSessionModel(sessions, (current, index, seen) =>
      rankByNeighbours(current, index, seen, { ...settings, candidates }),
    ),
});
