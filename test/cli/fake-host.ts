import { basename } from 'node:path';
import type { ProgramResult, ServiceHost } from '../../src/cli/startup/service-host.ts';

/** A machine with systemd, in memory. */
export class FakeHost implements ServiceHost {
  readonly files = new Map<string, string>();
  readonly ran: string[] = [];
  readonly systemUnits = '/units';
  uid: number = process.getuid?.() ?? 0;
  booted = true;
  version = '252';
  fails: RegExp = /^$/;

  readonly units = (): string[] => [...this.files.keys()].map((file) => basename(file));
  readonly isBooted = (): boolean => this.booted;
  readonly firstProcess = (): string => 'tini';
  readonly read = (file: string): string | null => this.files.get(file) ?? null;
  readonly write = async (file: string, text: string): Promise<void> => void this.files.set(file, text);
  readonly remove = (file: string): void => void this.files.delete(file);
  readonly run = async (program: string, args: readonly string[]): Promise<ProgramResult> => {
    const line = [program, ...args].join(' ');
    this.ran.push(line);
    return { ok: !this.fails.test(line), output: line === 'systemctl --version' ? `systemd ${this.version} (252.1)` : 'Job failed.' };
  };
}
