import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../../errors/lb-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';

const PUBLIC = 0o644;
const SYSTEM_UNITS = '/etc/systemd/system';

export interface ProgramResult {
  readonly ok: boolean;
  /** What it printed, or why it could not be started. */
  readonly output: string;
}

/** The machine whose services are changed. */
export interface ServiceHost {
  readonly uid: number;
  /** Where the system's own units are. */
  readonly systemUnits: string;
  /** The names of what is there. */
  readonly units: () => readonly string[];
  /** Whether systemd is its first process. */
  readonly isBooted: () => boolean;
  /** Name of its first process; empty if unknown. */
  readonly firstProcess: () => string;
  /** Null if there is none. */
  readonly read: (file: string) => string | null;
  readonly write: (file: string, text: string) => Promise<void>;
  readonly remove: (file: string) => void;
  readonly run: (program: string, args: readonly string[]) => Promise<ProgramResult>;
}

export const thisHost: ServiceHost = {
  uid: process.getuid?.() ?? 0,
  systemUnits: SYSTEM_UNITS,
  units: () => (existsSync(SYSTEM_UNITS) ? readdirSync(SYSTEM_UNITS) : []),
  // As sd_booted(3).
  isBooted: () => existsSync('/run/systemd/system'),
  firstProcess: () => textOf('/proc/1/comm')?.trim() ?? '',
  read: textOf,
  async write(file, text) {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text, PUBLIC);
  },
  remove: (file) => rmSync(file),
  run: (program, args) =>
    new Promise((resolve) => {
      execFile(program, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
        const printed = `${stdout}${stderr}`.trim();
        resolve({ ok: error === null, output: error !== null && printed === '' ? messageOf(error) : printed });
      });
    }),
};

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
