/** The strategic merge of kustomize, as far as the overlays here use it. Pure. */

/** A parsed YAML value. */
export type Data = string | number | boolean | null | Data[] | { [key: string]: Data };
export type DataMap = { [key: string]: Data };

/** Lists whose items are merged by a key; kustomize replaces all others as a whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
};

/** Groups whose kinds kustomize has no schema of, so that it replaces every list of theirs. */
const CUSTOM = /^(keda\.sh|kafka\.strimzi\.io|monitoring\.coreos\.com)\//;

export function isMap(value: Data | undefined): value is DataMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the object with the patch on top. */
export function strategicMerge(target: DataMap, patch: DataMap): DataMap {
  return mergeMaps(target, patch, !CUSTOM.test(String(target.apiVersion)));
}

function mergeMaps(target: DataMap, patch: DataMap, mergesLists: boolean): DataMap {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    if (isMap(before) && isMap(value)) result[key] = mergeMaps(before, value, mergesLists);
    else if (mergesLists && Array.isArray(before) && Array.isArray(value) && MERGE_KEYS[key] !== undefined)
      result[key] = mergeLists(before, value, MERGE_KEYS[key]);
    else result[key] = value;
  }
  return result;
}

function mergeLists(target: readonly Data[], patch: readonly Data[], mergeKey: string): Data[] {
  const result = [...target];
  for (const item of patch) {
    const at = result.findIndex((one) => isMap(one) && isMap(item) && one[mergeKey] === item[mergeKey]);
    const before = result[at];
    if (before === undefined) result.push(item);
    else result[at] = mergeMaps(before as DataMap, item as DataMap, true);
  }
  return result;
}
