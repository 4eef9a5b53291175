import { existsSync, rmSync } from 'node:fs';
import type { ListenAddress } from '../../lifecycle/fixed-listener.ts';

/** Whether nobody can connect, because the file of this Unix socket was removed. */
export function hasLostItsFile({ address, addressType }: ListenAddress): boolean {
  return addressType === -1 && address !== null && isPath(address) && !existsSync(address);
}

/** Not an abstract socket, nor a Windows pipe. */
const isPath = (address: string): boolean => !address.startsWith('\0') && process.platform !== 'win32';

export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}
