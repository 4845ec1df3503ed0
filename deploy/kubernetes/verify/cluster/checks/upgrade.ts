/** Another version of the stages, and back, while events flow. */
import type { ClusterCheck } from '../check.ts';
import { everythingReady } from '../install.ts';
import type { Installer, Replacement } from '../installers/installer.ts';

/** Images of this project, which have the version of the project. */
const VERSIONED: ReadonlySet<string> = new Set(['tributary', 'tributary-training']);

/** Returns the images of an installation, with the stages of a version. */
export function imagesOfVersion(images: readonly Replacement[], version: string): Replacement[] {
  const others = images.filter(({ name }) => !VERSIONED.has(name));
  const own = [...VERSIONED].map((name) => {
    const newName = images.find((image) => image.name === name)?.newName ?? name;
    return { name, newName, newTag: version };
  });
  return [...others, ...own];
}

/** Returns the checks of an installation that began with the version `from`. */
export function upgradeChecks(
  installer: Installer,
  images: readonly Replacement[],
  from: string,
): ClusterCheck[] {
  const to = async (chosen: readonly Replacement[]): Promise<undefined> => {
    await installer.change(chosen);
    await everythingReady();
    return undefined;
  };
  const old = imagesOfVersion(images, from);
  return [
    { name: `an upgrade from ${from}`, isSilent: true, run: () => to(images) },
    { name: `a roll-back to ${from}`, isSilent: true, run: () => to(old) },
    { name: `the upgrade from ${from} again`, isSilent: true, run: () => to(images) },
  ];
}
