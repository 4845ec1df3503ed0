import { createMemoryStatisticsStore } from './memory-store.testing.ts';
import { testStatisticsStore } from './store.contract.ts';

testStatisticsStore(async () => createMemoryStatisticsStore());
