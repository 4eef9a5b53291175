import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';

/** Differs from shell to shell and means nothing to a server. */
const OF_THE_SESSION = /^(_|PWD|OLDPWD|SHLVL|TERM|TERM_.*|COLORTERM|LS_COLORS|LINES|COLUMNS|WINDOWID|DISPLAY|MAIL|EDITOR|PAGER|SSH_.*|XDG_.*|DBUS_.*|SUDO_.*|TMUX.*|STY|npm_.*|INIT_CWD)$/;

/**
 * The definition of an app with the caller's environment in place of its own.
 * @throws LbError LB_ERR_USAGE when a variable would get lost: the daemon does not tell values, so they can't be kept
 */
export function specWithCallersEnv(app: AppSnapshot, env: NodeJS.ProcessEnv): AppSpec {
  const { envNames, ...spec } = app.spec;
  const lost = envNames.filter((name) => env[name] === undefined && !OF_THE_SESSION.test(name));
  if (lost.length > 0) {
    const problem = `--update-env would take ${lost.join(', ')} away from "${app.name}": not set in this shell; set ${lost.length === 1 ? 'it' : 'them'}, or give the config file as the target`;
    throw new LbError('LB_ERR_USAGE', { problem });
  }
  const values = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...spec, env: Object.fromEntries(values) };
}
