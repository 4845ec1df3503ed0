import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects the garbage of this process at once, so that a test sees what is still held. */
export const collectGarbage = runInNewContext('gc') as () => void;
