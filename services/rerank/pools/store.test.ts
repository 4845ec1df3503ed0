import { createMemoryPoolStore } from './memory-store.testing.ts';
import { testPoolStore } from './store.contract.ts';

testPoolStore(async () => createMemoryPoolStore());
