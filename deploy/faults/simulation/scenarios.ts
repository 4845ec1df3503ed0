import type { Scenario } from './scenario.ts';
import { feedbackScenario } from './scenarios/feedback.ts';
import { interestsScenario } from './scenarios/interests.ts';
import { rerankScenario } from './scenarios/rerank.ts';

export const SCENARIOS: readonly Scenario[] = [interestsScenario, feedbackScenario, rerankScenario];
