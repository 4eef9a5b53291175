/** Closes whatever handle came along with a message that nobody takes. */
export function discardHandle(handle: unknown): void {
  const { close, destroy } = (handle ?? {}) as { readonly close?: unknown; readonly destroy?: unknown };
  const end = typeof close === 'function' ? close : destroy;
  if (typeof end === 'function') Reflect.apply(end, handle, []);
}
