import type { ListenAddress } from '../../lifecycle/fixed-listener.ts';
import type { SocketName } from '../../protocol/worker.ts';
import type { RawListener } from '../handles/raw-handles.ts';

/** A listener as people know it. */
export interface ListenerName {
  readonly key: string;
  readonly label: string;
  /** Null for a Unix socket. */
  readonly port: number | null;
}

export function socketName(handle: RawListener): SocketName | null {
  const out: Partial<SocketName> = {};
  if (handle.getsockname === undefined || handle.getsockname(out) !== 0) return null;
  const { address, port, family } = out;
  return address === undefined || port === undefined || family === undefined ? null : { address, port, family };
}

/** The address in a key, as the worker composed it. */
export function queryOf(key: string): ListenAddress {
  const [, address = '', port = '', type] = /^(.*)\|(\d*)\|(4|6|-1)\|\d+$/s.exec(key) ?? [];
  return { address: address === '*' ? null : address, port: port === '' ? null : Number(port), addressType: type === '4' ? 4 : type === '6' ? 6 : -1 };
}

const ANY_ADDRESS: readonly string[] = ['::', '0.0.0.0'];

/** Whether a socket is the one that a `listen` asks for. Node.js takes every address for none, and IPv6 serves both families then. */
export function isAt({ address, port, addressType }: ListenAddress, name: SocketName | null): boolean {
  if (name === null || addressType === -1 || port !== name.port) return false;
  return address === name.address || (address === null && ANY_ADDRESS.includes(name.address));
}

export function nameOf({ key, query, name }: { readonly key: string; readonly query: ListenAddress; readonly name: SocketName | null }): ListenerName {
  return { key, label: labelOf(query, name), port: query.addressType === -1 ? null : (name?.port ?? query.port) };
}

export function labelOf(query: ListenAddress, name: SocketName | null): string {
  if (query.addressType === -1) return query.address ?? '';
  const host = query.address ?? '*';
  const shown = host === '::' || host === '0.0.0.0' ? '*' : host.includes(':') ? `[${host}]` : host;
  return `${shown}:${name?.port ?? query.port}`;
}
