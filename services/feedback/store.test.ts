import { createFakeJoinStore, testJoinStore } from './store.testing.ts';

testJoinStore(async () => createFakeJoinStore());
