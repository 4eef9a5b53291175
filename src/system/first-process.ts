import { accessSync, constants } from 'node:fs';

const SHELL = '/bin/sh';
/**
 * Waits for the program, passes signals on to it, and ends with its exit code. While it waits, a shell reaps every child that ends.
 * What a terminal sends, its kernel sends to the program too.
 */
const INIT = `
code=127
for signal in HUP INT QUIT TERM USR1 USR2; do trap "signalled=1; kill -$signal \\$!" $signal; done
[ -t 0 ] && trap signalled=1 INT QUIT
"$@" <&0 &
while signalled=; wait $!; ended=$?; [ $ended -eq 127 ] || code=$ended; [ "$signalled" ]; do :; done
exit $code
`;

/** What to say if this is the first process of a container all the same. */
export const NO_INIT =
  'this is process 1, and nothing reaps the processes that apps leave behind: run the container with an init ("docker run --init", or tini as its entry point)';

export const isFirstProcess = (): boolean => process.pid === 1;

/**
 * As the first process of a container, puts an init in its own place, which starts this program again: Node.js does not wait for
 * processes that it did not start. Returns if there is nothing to do, or no way to do it.
 */
export function standBehindInit(): void {
  // Node.js 22.15 and newer have it.
  const execve: unknown = Reflect.get(process, 'execve');
  if (!isFirstProcess() || typeof execve !== 'function' || !hasShell()) return;
  Reflect.apply(execve, process, [SHELL, ['sh', '-c', INIT, 'lb-init', process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env]);
}

/** Node.js aborts if there is none. */
function hasShell(): boolean {
  try {
    accessSync(SHELL, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
