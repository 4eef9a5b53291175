import { typed } from '../config/command/shell-line.ts';
import { otherDaemons, type OtherDaemon } from '../system/other-daemons.ts';

/** For a command that found no daemon, maybe as the wrong user. Nothing for one that was told where to look. */
export function otherDaemonLines(command: string, env: NodeJS.ProcessEnv): string[] {
  return env['LB_HOME'] || env['LB_SOCKET'] ? [] : describeDaemons(command, otherDaemons());
}

/** Whose daemons they are, and how to see their apps, one line each. */
export function describeDaemons(command: string, found: readonly OtherDaemon[]): string[] {
  return found.map(({ user, pid, home, socket }) => {
    const words =
      socket === null ? ['sudo', '-u', user, ...(home === null ? [] : ['env', `LB_HOME=${home}`]), 'lb', command] : [`LB_SOCKET=${socket}`, 'lb', command];
    return `a daemon of user "${user}" (pid ${pid}) is running; for its apps: ${typed(words)}`;
  });
}
