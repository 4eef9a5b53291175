/**
 * Version of each protocol. Increased when an older side would misread a changed message. A new field that the other side can
 * do without is optional instead.
 */
export const CONTROL_PROTOCOL = 1;
export const ATTACH_PROTOCOL = 3;
export const WORKER_PROTOCOL = 1;
