import { describe } from 'node:test';
import { testJoinStore } from '../../../services/feedback/store.contract.ts';
import { storeContract } from '../../../services/interests/store.contract.ts';
import { testStatisticsStore } from '../../../services/rerank/learning/store.contract.ts';
import { testPoolStore } from '../../../services/rerank/pools/store.contract.ts';
import { createInterestsStoreIn } from './interests-store.ts';
import { createJoinStoreIn } from './join-store.ts';
import { atOnce, KeyValues } from './key-values.ts';
import { createPoolStoreIn } from './pool-store.ts';
import { createStatisticsStoreIn } from './statistics-store.ts';

describe('the store of interests over values in memory', () => {
  storeContract(async () => createInterestsStoreIn(new KeyValues(), atOnce));
});

describe('the store of the join over values in memory', () => {
  testJoinStore(async () => createJoinStoreIn(new KeyValues(), atOnce));
});

describe('the store of statistics over values in memory', () => {
  testStatisticsStore(async () => createStatisticsStoreIn(new KeyValues(), atOnce));
});

describe('the store of pools over values in memory', () => {
  testPoolStore(async () => createPoolStoreIn(new KeyValues(), atOnce));
});
