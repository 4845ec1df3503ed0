// `npm run evaluate -- NAME [--json] [OPTIONS]`: measures the quality of a part, beside its peers.

import { runMeasurement } from '../figures/command.ts';

await runMeasurement('evaluate', {
  pinsage: {
    title: 'PinSage as a recommender of its own on the temporal split of completejourney',
    options: ['seeds'],
    load: () => import('./pinsage/measure.ts'),
  },
  pinnersage: {
    title: "PinnerSage's tables 3 and 4 on a year of grocery baskets",
    load: () => import('./pinnersage/measure.ts'),
  },
  temporal: {
    title: 'new items of known users, as the stages serve them and beside peers',
    options: ['dataset', 'seeds', 'horizon'],
    load: () => import('./temporal/measure.ts'),
  },
  ope: {
    title: 'policies judged from the logs of others, where their true value is known',
    options: ['log'],
    load: () => import('./ope/measure.ts'),
  },
  bandit: {
    title: "the bandit's policies on a synthetic task, beside Vowpal Wabbit",
    load: () => import('./bandit/measure.ts'),
  },
  'semi-synthetic': {
    title: 'policies that learn from clicks of households whose later purchases are relevant',
    options: ['look', 'sample', 'threads'],
    load: () => import('./semi-synthetic/measure.ts'),
  },
  streamed: {
    title: 'new items of the next basket, test then learn, beside a daily ALS',
    options: ['days'],
    load: () => import('./streamed/measure.ts'),
  },
  sessions: {
    title: 'the next item of a session, in a log of clicks',
    options: ['log', 'seeds'],
    load: () => import('./sessions/measure.ts'),
  },
  lessons: {
    title: 'the five lessons of a marketplace, as switches of the hybrid vectors',
    options: ['seeds'],
    load: () => import('./lessons/measure.ts'),
  },
});
