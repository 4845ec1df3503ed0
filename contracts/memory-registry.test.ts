import { createMemoryRegistry } from './memory-registry.ts';
import { describeRegistry } from './registry.contract.ts';

describeRegistry('in memory', createMemoryRegistry(), 'memory');
