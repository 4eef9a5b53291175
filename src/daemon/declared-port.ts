import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { PortBinding } from '../protocol/attach.ts';
import type { SocketName } from '../protocol/worker.ts';
import { bindSocket, type RawListener } from '../system/raw-listener.ts';
import type { KeptSocket } from './kept-sockets.ts';

/** Whether the definition of an app of another user says that root may open this port for it. */
export function isDeclared({ user, port: declared, socket, incrementVar, instances }: AppSpec, port: number): boolean {
  if (user === null) return false;
  if (socket?.port === port) return true;
  const copies = incrementVar === 'PORT' ? instances : 1;
  return declared !== null && port >= declared && port < declared + copies;
}

/** Opens a port, without listening on it. @returns libuv's error number if that fails */
export function openPort({ app, key, ...query }: PortBinding): KeptSocket | number {
  const handle = bindSocket(query);
  return typeof handle === 'number' ? handle : { app, key, handle, name: nameOf(handle) };
}

function nameOf(handle: RawListener): SocketName | null {
  const { address, port, family } = namedBy(handle);
  return address === undefined || port === undefined || family === undefined ? null : { address, port, family };
}

function namedBy(handle: RawListener): Partial<SocketName> {
  const out: Partial<SocketName> = {};
  handle.getsockname?.(out);
  return out;
}
