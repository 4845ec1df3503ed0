import { describe } from 'node:test';
import { createMemoryStore } from './memory-store.testing.ts';
import { storeContract } from './store.contract.ts';

describe('the interests store in memory', () => storeContract(async () => createMemoryStore()));
