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
  return ({ spec, slot }, events) => {
    const env = environmentOf(spec, slot);
    return new CommandProcess(spawnCommand(spec, env), { spec, env, record }, events);
  };
}

function spawnCommand({ runner, script, args, cwd, umask }: AppSpec, env: Record<string, string>): ChildProcess {
  const [program, ...words] = [...runner, script, ...args];
  const own = umask === null ? null : process.umask(umask);
  try {
    const child = spawn(program ?? script, words, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    // It may end without reading its input.
    child.stdin?.on('error', () => {});
    child.on('error', () => {});
    return child;
  } finally {
    if (own !== null) process.umask(own);
  }
}
