/** Validates objects strictly against the schemas of Kubernetes and of custom resources. Pure. */
import { type Data, type DataMap, isMap } from '../render/merge.ts';
import { objectName } from '../render/render.ts';

/** The part of an OpenAPI schema that the validation reads. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly Data[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface Schemas {
  /** By apiVersion and kind: `apps/v1 Deployment`. */
  readonly kinds: ReadonlyMap<string, Schema>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/**
 * Collects schemas.
 * @param definitions those of the API server's OpenAPI document
 * @param customResources CustomResourceDefinitions
 */
export function collectSchemas(
  definitions: Readonly<Record<string, Schema>>,
  customResources: readonly DataMap[],
): Schemas {
  const kinds = new Map<string, Schema>();
  for (const schema of Object.values(definitions)) {
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      kinds.set(`${group === '' ? '' : `${group}/`}${version} ${kind}`, schema);
    }
  }
  for (const { spec } of customResources as { spec: CustomResource }[]) {
    for (const { name, schema } of spec.versions) {
      kinds.set(`${spec.group}/${name} ${spec.names.kind}`, schema.openAPIV3Schema);
    }
  }
  return { kinds, definitions };
}

type CustomResource = DataMap & {
  group: string;
  names: { kind: string };
  versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
};

/** Returns a sentence for each fault of an object: an unknown kind or field, a missing field, a wrong type or value. */
export function schemaFaults(object: DataMap, schemas: Schemas): string[] {
  const title = `${String(object.kind)} ${objectName(object)}`;
  const schema = schemas.kinds.get(`${String(object.apiVersion)} ${String(object.kind)}`);
  if (schema === undefined)
    return [`${title}: there is no kind ${String(object.apiVersion)} ${String(object.kind)}`];
  return faultsAt(object, schema, '', schemas).map((fault) => `${title}: ${fault}`);
}

function faultsAt(value: Data, schema: Schema, path: string, schemas: Schemas): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    if (name === QUANTITY) return isOneOf(value, 'string', 'number') ? [] : [`${path} is no quantity`];
    return faultsAt(value, schemas.definitions[name] ?? {}, path, schemas);
  }
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') {
    return isOneOf(value, 'string', 'number') ? [] : [`${path} is neither a number nor a text`];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    return [`${path} is ${JSON.stringify(value)}, not one of ${schema.enum.join(', ')}`];
  }
  switch (schema.type) {
    case 'object':
      return isMap(value) ? mapFaults(value, schema, path, schemas) : [`${path} is no object`];
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((item, at) => faultsAt(item, schema.items ?? {}, `${path}[${at}]`, schemas))
        : [`${path} is no list`];
    case 'string':
      return textFaults(value, schema, path);
    case 'integer':
    case 'number':
      return numberFaults(value, schema, path);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path} is ${JSON.stringify(value)}, not true or false`];
    default:
      return [];
  }
}

function mapFaults(value: DataMap, schema: Schema, path: string, schemas: Schemas): string[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const isOpen =
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    additionalProperties === true ||
    (schema.properties === undefined && additionalProperties === undefined);
  return [
    ...required.filter((key) => !(key in value)).map((key) => `${path}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, child]) => {
      const place = `${path}.${key}`;
      if (properties[key] !== undefined) return faultsAt(child, properties[key], place, schemas);
      if (typeof additionalProperties === 'object')
        return faultsAt(child, additionalProperties, place, schemas);
      return isOpen ? [] : [`there is no field ${place}`];
    }),
  ];
}

function textFaults(value: Data, { pattern }: Schema, path: string): string[] {
  if (typeof value !== 'string') return [`${path} is ${JSON.stringify(value)}, not a text`];
  return pattern === undefined || new RegExp(pattern, 'u').test(value)
    ? []
    : [`${path} does not match ${pattern}`];
}

function numberFaults(value: Data, { type, minimum, maximum }: Schema, path: string): string[] {
  if (typeof value !== 'number') return [`${path} is ${JSON.stringify(value)}, not a number`];
  if (type === 'integer' && !Number.isInteger(value)) return [`${path} is ${value}, not a whole number`];
  if (minimum !== undefined && value < minimum) return [`${path} is ${value}, below ${minimum}`];
  return maximum !== undefined && value > maximum ? [`${path} is ${value}, above ${maximum}`] : [];
}

function isOneOf(value: Data, ...types: string[]): boolean {
  return types.includes(typeof value);
}
