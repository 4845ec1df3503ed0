/** What an app may tell of a request for a slate. */

/** Kinds of devices. */
export const DEVICES = ['desktop', 'mobile', 'tablet', 'television', 'other'] as const;
export type Device = (typeof DEVICES)[number];

/** A surface is a page or a part of one, named by the app. */
export const SURFACE_PATTERN = '^[a-z][a-z0-9-]{0,31}$';

/** What else holds for a request, such as `rain` or `gift`, named by the app in the same form. At most so many at once. */
export const MAX_CONTEXTS = 8;
