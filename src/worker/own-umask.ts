/** The file mode creation mask of this process; undefined without `/proc`. It is not read by changing it: threads of the app may create files. */
export function ownUmask(): number | undefined {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const shown = /^Umask:\s+([0-7]+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return shown === undefined ? undefined : Number.parseInt(shown, 8);
  } catch {
    return undefined;
  }
}
