import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LB_PROGRAM } from './paths.ts';
import type { Sandbox } from './sandbox.ts';

/** Of the first process: a user whom the system does not know, and a group that may write to the volume. */
export const STRANGER = 48_213;
const VOLUME_GROUP = 48_214;

export interface ContainerOptions {
  readonly uid?: number;
  /** A volume of root's, to which the group may write, and which is the LB_HOME of the first process. */
  readonly volume?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Mounts of its own, all of them read-only but for /dev/shm and the volume; then the program is process 1. */
const ENTER = `
set -e
mount --make-rprivate /
mount --bind /tmp /tmp
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=2770,gid=${VOLUME_GROUP} tmpfs "$VOLUME"
mount -o remount,bind,ro /
mount -o remount,bind,ro /tmp
as=$1; shift
exec setpriv --reuid "$as" --regid 0 --groups ${VOLUME_GROUP} "$@"
`;

/** `lb run` as the first process of a container: namespaces without Docker. Needs root. */
export class Container {
  readonly #child: ChildProcess;
  readonly volume: string;
  output = '';
  readonly ended: Promise<number | null>;

  constructor(sandbox: Sandbox, { uid = STRANGER, volume = false, env = {} }: ContainerOptions, ...args: string[]) {
    this.volume = join(sandbox.directory, 'volume');
    mkdirSync(this.volume, { recursive: true });
    chmodSync(sandbox.directory, 0o755);
    const variables = Object.entries({ PATH: process.env['PATH'] ?? '', ...(volume ? { LB_HOME: this.volume } : {}), ...env });
    const program = ['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`), process.execPath, LB_PROGRAM, ...args];
    const namespaces = ['-m', '-p', '--fork', '--mount-proc'];
    this.#child = spawn('unshare', [...namespaces, 'sh', '-c', ENTER, 'enter', String(uid), ...program], {
      env: { PATH: process.env['PATH'], VOLUME: this.volume },
      cwd: sandbox.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    this.ended = new Promise((resolve) => void this.#child.once('close', resolve));
  }

  /** Ends it with everything in it, if it has not ended. */
  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.firstPid, 'SIGKILL');
  }

  /** What the engine sends to stop it. */
  stop(): void {
    process.kill(this.firstPid, 'SIGTERM');
  }

  /** Of its first process, as the machine counts. */
  get firstPid(): number {
    const { pid = -1 } = this.#child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }

  /** Runs a command in it, as `docker exec` does; resolves with what it printed. */
  exec(uid: number, ...words: string[]): Promise<string> {
    const enter = ['-t', String(this.firstPid), '-m', '-p', 'setpriv', '--reuid', String(uid), '--regid', '0', '--groups', String(VOLUME_GROUP)];
    const program = ['env', '-i', `PATH=${process.env['PATH'] ?? ''}`, ...words];
    return new Promise((resolve) => execFile('nsenter', [...enter, ...program], (_error, stdout, stderr) => resolve(stdout + stderr)));
  }

  lb(uid: number, ...args: string[]): Promise<string> {
    return this.exec(uid, process.execPath, LB_PROGRAM, ...args);
  }
}
