import type { PolicyDefinition } from './policy.ts';
import { thompson } from './thompson.ts';

/** All policies that TRIBUTARY_RERANK_POLICY can name; the first is the default. */
export const POLICIES: readonly PolicyDefinition[] = [thompson];
