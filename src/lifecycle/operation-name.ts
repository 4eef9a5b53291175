/** What an app's primary can be asked to carry out; `recycle` is the primary's own (memory limit). */
export const OPERATION_NAMES = ['start', 'reload', 'restart', 'scale', 'stop', 'recycle'] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];
