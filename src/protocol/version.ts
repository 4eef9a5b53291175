/**
 * Version of each protocol. Increased when an older side would misread a changed message. A new field that the other side can
 * do without is optional instead.
 */
export const CONTROL_PROTOCOL = 1;
export const ATTACH_PROTOCOL = 3;
export const WORKER_PROTOCOL = 1;

/** During an upgrade two versions meet. Each understands the protocol just before and just after its own. */
export const isNextTo = (ours: number, theirs: number): boolean => Math.abs(ours - theirs) <= 1;
