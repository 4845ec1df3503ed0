import { createFakePoolStore, testPoolStore } from './pool-store.testing.ts';
import { createFakeStatisticsStore, testStatisticsStore } from './statistics-store.testing.ts';

testPoolStore(async () => createFakePoolStore());
testStatisticsStore(async () => createFakeStatisticsStore());
