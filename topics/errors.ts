/** Codes of the errors of this folder, and what the reader can do about each. */
export const TOPICS_ERROR_REMEDIES = {
  'topics.option': 'correct the option; --help shows what it takes',
  'topics.unknown-topic': 'npm run topics -- list shows the topics; npm run topics -- apply creates them',
  'topics.broker-unreachable': 'start the cluster, or point KAFKA_BROKERS at it',
  'topics.registry-unreachable': 'start the registry, or point SCHEMA_REGISTRY_URL at it',
  'topics.refused': 'carry the change out by hand as the plan explains, then apply again',
  'topics.stalled': 'look at the health of the brokers and try again',
  'topics.not-acknowledged': 'look at the health of the brokers and requeue again',
} as const;

export type TopicsErrorCode = keyof typeof TOPICS_ERROR_REMEDIES;

/** An error that an operator can act on: its message is one sentence and stands without a stack. */
export class TopicsError extends Error {
  override readonly name = 'TopicsError';
  readonly code: TopicsErrorCode;
  readonly retryable: boolean;

  constructor(
    code: TopicsErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
