/** What a component of an installation consists of. */
import type { Manifest } from '../manifest.ts';

export interface Component {
  readonly name: string;
  /** One sentence for the head of its kustomization. */
  readonly about: string;
  /** Manifests by the name of their file, without its extension. */
  readonly files: Readonly<Record<string, readonly Manifest[]>>;
  /** A ConfigMap whose data stand in files of their own. */
  readonly data?: {
    readonly name: string;
    readonly labels: Manifest;
    readonly folder: string;
    readonly files: Readonly<Record<string, string>>;
  };
  /** Settings that the component adds to the one ConfigMap. */
  readonly settings?: Readonly<Record<string, string>>;
}
