/** Ports of the demo, away from the servers' defaults, where other programs may listen already; each with the variable that chooses another. */
export const DEMO_PORTS = {
  kafka: { port: 19_092, variable: 'TRIBUTARY_KAFKA_PORT' },
  registry: { port: 18_081, variable: 'TRIBUTARY_REGISTRY_PORT' },
  redis: { port: 16_379, variable: 'TRIBUTARY_REDIS_PORT' },
  gateway: { port: 18_080, variable: 'TRIBUTARY_GATEWAY_PORT' },
} as const;
