/** Raised whenever a message changes in a way that an older side would misread. */
export const PROTOCOL = 1;
