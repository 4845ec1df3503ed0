import { number } from '#platform/config.ts';
import { defineProposer } from './proposer.ts';
import { createSessionModel, rankByTransitions } from './session-lists.ts';

const MS_PER_DAY = 86_400_000;
/** As in the sequential rules of Ludewig and Jannach (2018), followed from the latest three items. */
const RULES = { from: 3, fading: 0.4, reach: 10 } as const;

/** Items that followed the user's latest ones in the sessions of all users. */
export const sessionTransitions = defineProposer({
  name: 'session-transitions',
  explanation: 'often chosen after {cause}',
  needs: ['interests', 'sessions'],
  // Its lists wait for an action, and on baskets they are costly and worse than the others (decision 0042).
  byDefault: false,
  settings: {
    halfLifeDays: number('TRIBUTARY_TRANSITION_HALF_LIFE_DAYS', {
      fallback: 7,
      minimum: 0.01,
      maximum: 3_650,
      unit: 'days',
      summary: 'event time in which a transition from item to item loses half its weight',
    }),
  },
  create: ({ sessions, settings, candidates }) => {
    const options = { ...RULES, halfLifeMs: settings.halfLifeDays * MS_PER_DAY, candidates };
    return createSessionModel(sessions, (current, index, seen) =>
      rankByTransitions(current, index, seen, options),
    );
  },
});
