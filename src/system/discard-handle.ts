/** Closes a handle that came with an ignored message. */
export function discardHandle(handle: unknown): void {
  const { close, destroy } = (handle ?? {}) as { readonly close?: unknown; readonly destroy?: unknown };
  const end = typeof close === 'function' ? close : destroy;
  if (typeof end === 'function') Reflect.apply(end, handle, []);
}
