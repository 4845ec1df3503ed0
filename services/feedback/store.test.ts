import { createMemoryJoinStore } from './memory-store.testing.ts';
import { testJoinStore } from './store.contract.ts';

testJoinStore(async () => createMemoryJoinStore());
