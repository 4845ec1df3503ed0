import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describeRegistry } from './registry.contract.ts';
import { createRegistry } from './registry.ts';

const url = process.env.SCHEMA_REGISTRY_URL;
assert.ok(url, 'SCHEMA_REGISTRY_URL must be the address of a Schema Registry');
describeRegistry(url, createRegistry({ url }), `test-${randomUUID()}`);
