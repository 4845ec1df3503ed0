/** The one list of error codes. Every error that leaves a process carries one of them; its remedy says how to act. */
export const ERROR_REMEDIES = {
  'config.invalid': 'Correct the listed settings; each line names the environment variable.',
  'port.in-use':
    'Stop the process that listens there, or set TRIBUTARY_STAGE_PORT: processes on one host need a port each; 0 takes a free one.',

  'encode.not-prepared': 'Call prepare with the record before the first encode.',
  'encode.invalid': 'Correct the named field: its value is not of the type that the schema gives it.',
  'decode.magic':
    'The bytes are not in the Confluent wire format: let the producer use a Schema Registry serializer.',
  'decode.schema-unknown': 'The registry has no schema of that id: the producer used another registry.',
  'decode.incompatible':
    'The schema of the writer cannot be read as this record: look at the schema of the producer.',
  'decode.bytes': 'The bytes do not hold the fields that their schema names: look at the producer.',
  'decode.batch':
    'A whole batch is broken or exceeds the limits in contracts/README.md: look at the compression of the producer.',
  'vector.invalid': 'Give a vector of the stated dimension with finite components.',

  'registry.unavailable':
    'Start the registry, or point SCHEMA_REGISTRY_URL at it; the same call may then succeed.',
  'registry.not-registered': 'Register the schemas with `npm run topics -- apply`.',
  'registry.refused':
    'See the reason that the registry gives; contracts/README.md says which changes of a schema are compatible.',
  'kafka.unreachable': 'Check KAFKA_BROKERS, and that the brokers are up.',
  'kafka.unacknowledged':
    'The brokers did not confirm the write, so that it may or may not be in the log; send it again.',
  'redis.unreachable': 'Check REDIS_URL, and that the server is up.',
  'redis.evicts':
    'Set maxmemory-policy to noeviction, or maxmemory to 0: state that is dropped by itself is not noticed.',
  'topics.option': 'Correct the option; --help shows the values that it takes.',
  'topics.unknown-topic':
    'Compare with `npm run topics -- list`; `npm run topics -- apply` creates the topics.',
  'topics.refused': 'Apply the change by hand as the plan explains, then apply again.',
  'topics.stopped': 'Run the command again; it goes on where it was stopped.',
  'topics.stalled': 'Look at the health of the brokers and try again.',

  'handler.failed':
    'A stage met an unexpected error and stopped before its commit: see the log line; after a restart it resumes.',
  'message.tombstone': 'Send no tombstone to this topic: its messages leave it by age alone.',
  'message.key':
    'Let the producer use the id of the user, 1 to 256 bytes of UTF-8, as the key of the message.',
  'partition.wrong':
    'Let the producer partition by murmur2 of the key (librdkafka: partitioner=murmur2_random), then requeue the letters: `npm run topics -- requeue --code partition.wrong`.',
  'number.invalid': 'Look at the producer: a number of the record is not finite or out of its range.',
  'list.limit':
    'Look at the producer: a list of the record has more entries than a stage handles at once; contracts/README.md names the limits.',
  'model.name':
    'Name the model with at most 64 lower-case letters, digits and hyphens, the first a letter; "other" is reserved.',
  'model.limit':
    'A user has proposals of 32 models already: stop the models that are not needed; their proposals expire with the pool.',
  'features.invalid': 'Look at the producer: the features of the record do not fit their names.',
  'features.limit':
    'The bandit learns 128 features at most: rebuild its statistics, as services/rerank/README.md describes.',
  'stage.not-ready': 'The stage is starting, draining or waiting for a peer; try again shortly.',
  'peer.unavailable': 'Another stage did not answer; see its log and its /readyz.',

  'request.malformed':
    'Send a well-formed HTTP/1.1 request; write each byte of a URL that is not ASCII as %XX of its UTF-8.',
  'request.too-long':
    'Shorten the URL or the headers: an id has at most 256 bytes, all headers at most 16 KiB.',
  'request.timeout': 'Send the headers of a request within 10 s and all of it within 30 s.',
  'stage.overloaded': 'Wait for as long as retry-after says, then send the same request again.',
  'body.encoding': 'Send UTF-8, plain or with content-encoding gzip.',
  'body.malformed': 'Send well-formed JSON with content-type application/json.',
  'body.too-large': 'Send at most 1 MiB a request; split the batch.',
  'batch.too-large': 'Send at most 1,000 entries a request; split the batch.',
  'batch.empty': 'Send at least one entry.',
  'field.missing': 'Add the named field.',
  'field.invalid': 'Correct the named field as the reason says.',
  'origin.refused':
    'Add the origin of the page to TRIBUTARY_GATEWAY_CORS_ORIGINS, such as https://shop.example.',
  'console.read-only':
    'Use the command that the page shows, or set TRIBUTARY_GATEWAY_CONSOLE_ACTIONS=on where everybody who reaches the console may change what is served.',
  'console.foreign':
    'Use the page of the console itself; other programs use the commands of `npx tributary`.',
  'user.reserved': 'Choose another id for the user: this one stands for everyone.',
  'entry.too-large': 'Shorten the entry: its record in the log may have at most 1 MiB.',
  'time.past':
    'Before an older history is loaded, lengthen the retention: `npm run topics -- apply --retention actions=DAYS`.',
  'time.future': 'Check the clock of the sender; times may be at most five minutes ahead.',
  'route.unknown': 'See /openapi.json for the routes.',
  'user.unknown': 'Send an action of the user first: there is none in the window.',
  'item.unknown': 'Choose another item, or wait: this one has no vector in the served generation.',
  'item.unlisted':
    'Put the item (`PUT /v1/items`), or try again in a moment if you just did: the catalogue has no item of that id. As soon as the catalogue lists one item, only listed items are recommended: put all of them.',
  'slate.unknown':
    'Compare the id with an answer to /v1/recommendations; the topic slates keeps slates for 30 days.',
  'slate.late':
    'Try again shortly: Redis or Kafka is slow, see the log of rerank and the health of both. A slate nobody waits for is not logged.',
  'index.empty': 'Wait for the first retraining: no generation is active yet.',
  'generation.pending': 'This process of the index does not hold the generation yet; try again shortly.',
  'generation.undeclared':
    'The topic releases does not name the generation; try again a few times, because a process may lag, then give up.',
  'generation.unknown': 'Ask again with the active generation: the index does not hold the named one.',

  'retrain.running': 'Wait for the end of the retraining that is under way.',
  'release.refused': 'Do as the reason says, or choose another generation; nothing was written.',
  'release.changed': 'Look at the releases as they are now, then decide again; nothing was written.',
  'replay.impossible':
    'Do as the reason says: candidates are logged for TRIBUTARY_RERANK_CANDIDATES_SHARE of the slates, and kept for 30 days.',
  'experiment.refused': 'Do as the reason says; nothing was written.',
  'experiment.changed': 'Look at the experiments as they are now, then decide again; nothing was written.',
  'training.failed': 'See the reason; the serving generation is untouched.',
} as const;

export type ErrorCode = keyof typeof ERROR_REMEDIES;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** The input field at fault, as a path such as `actions[3].itemId`. */
  readonly field?: string;
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean;
  /** HTTP status when the error reaches a caller over HTTP. Default 500. */
  readonly status?: number;
}

/** The base of every error of ours: a code from the one list, a reason in words, and whether to try again. */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryable: boolean;
  readonly status: number;

  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    super(reason, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.field = details.field;
    this.retryable = details.retryable ?? false;
    this.status = details.status ?? 500;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return ERROR_REMEDIES[this.code];
  }
}

/** The message of anything thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
