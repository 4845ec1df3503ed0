/** A way to bring an installation onto a cluster. */

/** An image in the manifests, and the one that the cluster has in its place. */
export interface Replacement {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
}

export interface Installer {
  /** What installs, for the names of checks: `kubectl apply`. */
  readonly command: string;
  /** Whether it has the sizes of the installation `local`, which promises what it takes while nothing happens. */
  readonly isLocal: boolean;
  /**
   * Brings the installation to the state of the manifests.
   * @param components further ones than the installation has, such as history
   */
  apply(images: readonly Replacement[], components: readonly string[]): Promise<void>;
  /** Changes the version of the stages, as the README says. */
  change(images: readonly Replacement[]): Promise<void>;
}
