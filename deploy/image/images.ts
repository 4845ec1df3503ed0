/** The images that the project builds. */
import { join } from 'node:path';
import project from '../../package.json' with { type: 'json' };
import { PROJECT } from '../local/parts.mjs';

/** Those of the stages, by the target of deploy/Dockerfile. */
export const STAGE_IMAGES = { stage: 'tributary', training: 'tributary-training' } as const;

/**
 * Servers for a cluster that reaches no registry of images, made of what `npm run demo` runs, by the image that they replace in
 * the manifests.
 */
export const SERVER_IMAGES = {
  kafka: { replaces: 'apache/kafka', image: 'tributary-kafka' },
  registry: { replaces: 'apicurio/apicurio-registry', image: 'tributary-registry' },
  redis: { replaces: 'redis', image: 'tributary-redis' },
} as const;

export type StageTarget = keyof typeof STAGE_IMAGES;
export type ServerName = keyof typeof SERVER_IMAGES;
export const IMAGE_NAMES: readonly string[] = [...Object.keys(STAGE_IMAGES), ...Object.keys(SERVER_IMAGES)];

export const SERVER_DOCKERFILE = join(PROJECT, 'deploy/image/servers/Dockerfile');
export const STAGE_DOCKERFILE = join(PROJECT, 'deploy/Dockerfile');

/** Returns the full name of an image of this project. */
export function imageName(name: string, version: string = project.version): string {
  const base =
    name in STAGE_IMAGES ? STAGE_IMAGES[name as StageTarget] : SERVER_IMAGES[name as ServerName].image;
  return `${base}:${version}`;
}

/** Returns the `images` of a kustomization that takes the servers of this project. */
export function serverReplacements(
  version: string = project.version,
): { name: string; newName: string; newTag: string }[] {
  return Object.values(SERVER_IMAGES).map(({ replaces, image }) => ({
    name: replaces,
    newName: image,
    newTag: version,
  }));
}
