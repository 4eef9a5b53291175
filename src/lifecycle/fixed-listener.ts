/** Where a worker asks to listen: a port, or with `addressType` -1 the path of a Unix socket. */
export interface ListenAddress {
  readonly address: string | null;
  readonly port: number | null;
  readonly addressType: 4 | 6 | -1;
}

/** Whether the path of a Unix socket belongs to one process, as the pipes of some TypeScript runners do: `/tmp/tsx-1000/4711.pipe`. */
export const namesProcess = (path: string, pid: number): boolean => path.split(/\D+/).includes(String(pid));

/** Whether only the process itself and its children can know of a listener. */
export const isOwnListener = ({ address, addressType }: ListenAddress, pid: number): boolean => addressType === -1 && namesProcess(address ?? '', pid);

/**
 * Whether every process of the app would listen there, so that clients may expect it. Not with port 0, where the system chooses,
 * nor at a path that belongs to one process.
 */
export function isFixedListener(listener: ListenAddress, pid: number): boolean {
  const { port, addressType } = listener;
  return addressType === -1 ? !isOwnListener(listener, pid) : port !== null && port !== 0;
}

/** A listener as people name it: `:9100` and `9100` are a port of any address, everything else is a complete label. */
export function namesListener(given: string, { label, port }: { readonly label: string; readonly port: number | null }): boolean {
  const [, digits] = /^:?(\d+)$/.exec(given) ?? [];
  return digits === undefined ? given === label : Number(digits) === port;
}
