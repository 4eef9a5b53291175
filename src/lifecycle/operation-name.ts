/** Operations of an app's primary; it starts `recycle` itself. */
export const OPERATION_NAMES = ['start', 'reload', 'restart', 'scale', 'stop', 'recycle'] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];
