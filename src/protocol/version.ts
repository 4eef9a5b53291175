/**
 * Each protocol has a version of its own, raised whenever a message changes in a way that an older side would misread.
 * A field that an older side does not send yet, and a newer one can do without, is optional instead.
 */
export const CONTROL_PROTOCOL = 1;
export const ATTACH_PROTOCOL = 2;
export const WORKER_PROTOCOL = 1;
