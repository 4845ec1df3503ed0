/** Codes of the errors of this folder, and what the reader can do about each. */
export const CONTRACT_ERROR_REMEDIES = {
  'encode.not-prepared': 'Call prepare with the record before the first encode.',
  'encode.invalid': 'Correct the named field: its value is not of the type that the schema gives it.',
  'decode.magic':
    'The bytes are not in the Confluent wire format: let the producer use a Schema Registry serializer.',
  'decode.schema-unknown': 'The registry has no schema of that id: the producer used another registry.',
  'decode.incompatible':
    'The schema it was written with cannot be read as this record: look at the producer’s schema.',
  'decode.bytes': 'The bytes do not hold what their schema says: look at the producer.',
  'registry.unavailable':
    'Start the registry, or point SCHEMA_REGISTRY_URL at it; the same call may then succeed.',
  'registry.not-registered': 'npm run topics -- apply registers the schemas.',
  'registry.refused':
    'See the registry’s reason; contracts/README.md says which changes of a schema are compatible.',
  'vector.invalid': 'Give a vector of the stated dimension with finite components.',
} as const;

export type ContractErrorCode = keyof typeof CONTRACT_ERROR_REMEDIES;

/** The base of every error of the contracts: a code from the one list, and whether to try again. */
export class ContractError extends Error {
  readonly code: ContractErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean = false;

  constructor(code: ContractErrorCode, reason: string, options: ErrorOptions = {}) {
    super(reason, options);
    this.name = new.target.name;
    this.code = code;
  }
}
