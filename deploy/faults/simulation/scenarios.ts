import type { Scenario } from './scenario.ts';
import { feedbackScenario } from './scenarios/feedback.ts';
import { indexScenario } from './scenarios/index.ts';
import { interestsScenario } from './scenarios/interests.ts';
import { proposeScenario } from './scenarios/propose.ts';
import { rerankScenario } from './scenarios/rerank.ts';

export const SCENARIOS: readonly Scenario[] = [
  interestsScenario,
  feedbackScenario,
  rerankScenario,
  indexScenario,
  proposeScenario,
];
