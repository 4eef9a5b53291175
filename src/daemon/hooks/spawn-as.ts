import { spawn, type ChildProcess } from 'node:child_process';
import type { AppUser } from '../../lifecycle/app-user.ts';

/** What runs, and where. */
interface Wanted {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly shell: boolean;
}

/**
 * Becomes the user, with all its groups, then runs the command and ends as that does. As long as it is root, nothing of the user is in
 * its environment: NODE_OPTIONS could load code.
 */
const PROGRAM = `
const { closeSync, readFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { user, wanted: { command, args, ...options } } = JSON.parse(readFileSync(3, 'utf8'));
closeSync(3);
if (user.name === null) process.setgroups([user.gid]);
else process.initgroups(user.name, user.gid);
process.setgid(user.gid);
process.setuid(user.uid);
const child = spawn(command, args, { ...options, stdio: 'inherit' });
child.once('error', ({ message }) => { console.error(message); process.exitCode = 127; });
child.once('exit', (code, signal) => { if (signal === null) process.exitCode = code; else process.kill(process.pid, signal); });
`;

/** Starts a command with stdin and stderr as pipes; null for the user of this process. With `uid` alone, Node would leave out the groups. */
export function spawnAs(user: AppUser | null, wanted: Wanted): ChildProcess {
  const { command, args, ...options } = wanted;
  if (user === null) return spawn(command, args, { ...options, stdio: ['pipe', 'ignore', 'pipe'] });
  const child = spawn(process.execPath, ['-e', PROGRAM], { cwd: '/', env: {}, stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
  const [, , , orders] = child.stdio;
  orders?.on('error', () => {});
  if (orders !== undefined && orders !== null && 'end' in orders) orders.end(JSON.stringify({ user, wanted }));
  return child;
}
