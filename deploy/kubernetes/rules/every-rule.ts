/** All rules about the objects of an installation. */
import type { Rule } from './objects.ts';
import {
  allSettings,
  callsLeadToStages,
  replicasFitPartitions,
  scalersDecide,
  scalersFindServers,
  secretsAreReferred,
  settingsAreKnown,
  stageCalls,
} from './setting-rules.ts';
import {
  hasBudget,
  hasEveryStage,
  hasPolicy,
  isBounded,
  isNamespaceRestricted,
  isProbed,
  isRestricted,
  leadsSomewhere,
  saysWhyItEnded,
} from './workload-rules.ts';

/** Returns the rules by sentences that say what each of them demands. */
export async function everyRule(): Promise<Readonly<Record<string, Rule>>> {
  const settings = await allSettings();
  return {
    'every stage has a manifest and a Service, is spread, and has more time to end than it takes to drain':
      hasEveryStage,
    'every pod runs without privileges': isRestricted,
    'every container has requests, limits and an image of a fixed version': isBounded,
    'every container says why it ended': saysWhyItEnded,
    'every server has three probes that differ': isProbed,
    'every server has a disruption budget': hasBudget,
    'every pod has a network policy': hasPolicy,
    'every Service leads to a container': leadsSomewhere,
    'the namespace admits only restricted pods': isNamespaceRestricted,
    'every setting exists and has a value that is accepted': settingsAreKnown(settings),
    'every stage finds and reaches the stages that it calls': callsLeadToStages(await stageCalls()),
    'no manifest contains a secret': secretsAreReferred(settings),
    'no stage has more replicas than partitions, and a scaler may use all of them': replicasFitPartitions,
    'a scaler decides the replicas alone, and never on zero': scalersDecide,
    'a scaler finds Kafka and Prometheus from a namespace of its own': scalersFindServers,
  };
}
