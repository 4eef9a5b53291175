import { spawn, type ChildProcess } from 'node:child_process';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { CommandProcess } from './command-process.ts';
import type { CommandRecord } from './command-record.ts';
import { environmentOf } from './environment.ts';
import type { StartWorker } from './worker-process.ts';

/**
 * Starts workers that are no Node.js programs, each in a session and process group of its own: a script that signals its own group
 * (`kill 0`) does not hit the primary, and whatever it leaves behind is found.
 */
export function commandWorkers(record: CommandRecord): StartWorker {
  return ({ spec, slot, socket }, events) => {
    const env = environmentOf(spec, slot);
    return new CommandProcess(spawnCommand(spec, env, socket?.fd ?? null), { spec, env, record }, events);
  };
}

/** The process itself, as `sd_listen_fds` wants it. */
const WITH_ITS_PID = ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'];

/** @param socket the descriptor of a listening socket for it */
function spawnCommand({ runner, script, args, cwd, umask }: AppSpec, own: Record<string, string>, socket: number | null): ChildProcess {
  const [program, ...words] = [...(socket === null ? [] : WITH_ITS_PID), ...runner, script, ...args];
  const env = socket === null ? own : { ...own, LISTEN_FDS: '1', LISTEN_FDNAMES: 'lb' };
  const before = umask === null ? null : process.umask(umask);
  try {
    const child = spawn(program ?? script, words, { cwd, env, stdio: ['pipe', 'pipe', 'pipe', ...(socket === null ? [] : [socket])], detached: true });
    // It may end without reading its input.
    child.stdin?.on('error', () => {});
    child.on('error', () => {});
    return child;
  } finally {
    if (before !== null) process.umask(before);
  }
}
