/**
 * Every error that `lb` reports: message, hint and exit code. Codes of removed errors are never reused. A test compares
 * `docs/errors.md` with this table.
 */

import type { ErrorEntry } from './error-entry.ts';
import { MACHINE_ERRORS } from './machine-errors.ts';
import { MIGRATE_ERRORS } from './migrate-errors.ts';

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  /** A valid operation failed, such as a reload that was rolled back or an app that did not start. */
  failed: 1,
  /** Invalid usage or an invalid configuration; nothing was changed. */
  usage: 2,
  /** The named app, worker or file does not exist. */
  notFound: 3,
  /** The daemon can't be reached, can't be started, or speaks another protocol. */
  daemon: 4,
  /** The operation was cancelled, or replaced by a stop. */
  aborted: 5,
  /** Ctrl-C: the command ended; a running operation continues. */
  interrupted: 130,
} as const;

export const ERRORS = {
  LB_ERR_USAGE: { message: '{problem}', hint: 'run "lb --help"', exit: 'usage', http: 400 },
  LB_ERR_NO_TERMINAL: {
    message: '{command} needs a terminal',
    hint: 'run "{instead}" to print one frame without a terminal',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_CONFIG_VALUE: {
    message: '{file}: {path}: expected {expected}, got {got}',
    hint: 'nothing was started; fix the value and run the command again',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_CONFIG_UNKNOWN_KEY: {
    message: '{file}: {path}: unknown option "{key}"{suggestion}',
    hint: 'docs/configuration.md lists every option',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_CONFIG_LOAD: { message: '{file}: cannot be loaded as a config file: {reason}', exit: 'usage', http: 400 },
  LB_ERR_CONFIG_EMPTY: {
    message: '{file}: defines no apps{detail}',
    hint: 'export an object such as { apps: [{ script: "app.js" }] }',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_EXPORT: { message: 'cannot export for {target}: {problem}', hint: 'nothing was written', exit: 'usage', http: 400 },
  LB_ERR_DIRECTORY: {
    message: 'the current directory was deleted: {directory}',
    hint: 'change to one that exists, with "cd", and run the command again',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_SCRIPT_NOT_FOUND: {
    message: 'script not found: {script}',
    hint: 'pass the path of the file that starts your server, relative to {cwd}',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_COMMAND: {
    message: '"{command}" cannot be started: {reason}',
    hint: 'what works: {hint}',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_INTERPRETER: {
    message: '{app}: interpreter {interpreter} cannot be used: {reason}',
    hint: 'set "interpreter" to the path of the program that runs the script; Node.js must be 20.19 or newer',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_APP_NOT_FOUND: { message: 'no app named "{app}"{suggestion}', hint: 'run "lb list" to see all apps', exit: 'notFound', http: 404 },
  LB_ERR_NO_MATCH: { message: 'no app has a name that matches {pattern}', hint: 'run "lb list" to see all apps', exit: 'notFound', http: 404 },
  LB_ERR_ONE_SLOT: {
    message: 'id {id} is slot {slot} of "{app}", which has {slots} of them; {action} acts on whole apps',
    hint: 'for all of them: lb {action} {app}; for fewer workers: lb scale {app} -1',
    exit: 'usage',
    http: 400,
  },
  LB_ERR_APP_EXISTS: {
    message: 'app "{app}" is already running',
    hint: 'deploy a new version with "lb reload {app}", or choose another name with -n',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_NAME_TAKEN: {
    message: 'the name "{app}" belongs to {owner}, and {claim} is another app',
    hint: 'give it a name of its own: -n {other}',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_OTHER_DEFINITION: {
    message: 'app "{app}" is running with another definition',
    hint: 'to put this one in place without a gap, add --reload to "lb start", or "lb apply" its config file',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_APP_STOPPED: { message: 'app "{app}" is {state}; {operation} needs a running app', hint: 'start it first: lb start {app}', exit: 'failed', http: 409 },
  LB_ERR_NOT_STARTABLE: {
    message: '{operation} of "{app}" was not begun, because its workers cannot be started: {reason}',
    hint: 'nothing was changed, and running workers keep serving; fix the problem and run the command again',
    exit: 'failed',
    http: 409,
  },
  ...MIGRATE_ERRORS,
  LB_ERR_OTHER_NODE: {
    message: 'app "{app}" runs with Node.js {version} ({node}), and the new definition asks for {wanted}; a {operation} cannot change that',
    hint: 'nothing was changed; to change the Node.js, run "lb stop {app}", then "lb start" with the new definition',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_BALANCE: {
    message: 'app "{app}" cannot use {strategy}, because its primary must choose a worker for each connection for: {options}',
    hint: 'remove {options} from its definition and reload it, or choose another strategy',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_LISTEN: {
    message: 'app "{app}": cannot listen on {option} {where}: {reason}',
    hint: 'choose another {option}; each app needs its own',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_LOG_PROGRAM: {
    message: 'app "{app}": {option} is "{value}", which needs {command}; it is not on the PATH of the daemon ({path})',
    hint: 'install {command}, or set {option} to a file',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_UPGRADE: {
    message: 'the upgrade was not begun: {reason}',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_UPGRADE_FAILED: {
    message: 'the upgrade to lb {to} failed: {reason}',
    hint: 'what is not named here runs as before, and serves; "lb list" shows which version runs where, "lb upgrade" tries again',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_METRICS_LISTEN: {
    message: 'cannot serve the metrics at {where}: {reason}',
    hint: 'choose another address: lb metrics --listen 127.0.0.1:9615',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_CONFIG_METRICS: {
    message: '{file}: metrics.listen: cannot serve the metrics at {where}: {reason}',
    hint: 'nothing was started; choose another address in {file} and run the command again',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_DASHBOARD_LISTEN: {
    message: 'cannot serve the dashboard at {where}: {reason}',
    hint: 'choose another --port or --host, or omit both to use a free port on 127.0.0.1',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_LISTENER: {
    message: 'app "{app}" has no listener {listener} that could be dropped; it listens on {listeners}',
    hint: 'nothing was reloaded; name a listener as "lb list" shows it, or as :<port>',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_SLOT: {
    message: 'app "{app}" has no slot {slot}; its slots are 0 to {last}',
    hint: 'run "lb show {app}" to see the slots',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_WORKER_NOT_FOUND: {
    message: 'app "{app}" has no worker with pid {pid}',
    hint: 'run "lb list --workers" to see the workers',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_PROFILE: {
    message: 'cannot take a {what} of "{app}": {reason}',
    hint: 'try again in a moment, or choose another worker, such as {app}:1; "lb show {app}" lists the workers',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_WEIGHT: { message: 'cannot change the weights of "{app}": {reason}', hint: 'run "lb show {app}" to see the weights', exit: 'failed', http: 409 },
  LB_ERR_NO_SCALE: {
    message: 'app "{app}" has no "scale" in its definition, so it cannot scale automatically',
    hint: 'add "scale" to its config file and run "lb reload <file>"',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_START_FAILED: { message: 'app "{app}" did not start: {reason}', exit: 'failed', http: 409 },
  LB_ERR_NOT_STARTED_YET: {
    message: 'app "{app}" has not started yet: {reason}',
    hint: 'lb keeps trying: watch it with "lb list" and "lb logs {app}", or give up with "lb stop {app}"; after a repair, start it again',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_RELOAD_FAILED: {
    message: 'reload of "{app}" failed: {reason}',
    hint: '{serving}; fix the problem and reload again',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_BEFORE_RELOAD: { message: 'before_reload of "{app}" failed, nothing was replaced: {reason}', hint: 'fix it and reload', exit: 'failed', http: 409 },
  LB_ERR_RELOAD_DOWN: {
    message: 'reload of "{app}" failed: {reason}; slot {slot} has no worker until a restart of it succeeds',
    hint: 'the old worker had to end first, and there is no way back; fix the problem and reload again',
    exit: 'failed',
    http: 409,
  },
  LB_ERR_OPERATION_FAILED: { message: '{operation} of "{app}" failed: {reason}', exit: 'failed', http: 409 },
  LB_ERR_ABORTED: { message: '{operation} of "{app}" was aborted: {reason}', exit: 'aborted', http: 409 },
  LB_ERR_DECLINED: { message: '"lb {command}" was cancelled by your answer', hint: 'nothing was changed; --yes does not ask', exit: 'aborted', http: 409 },
  LB_ERR_PRIMARY_LOST: {
    message: 'the primary of "{app}" ended during the operation: {reason}',
    hint: 'the daemon restarts it if it should be running; check with "lb list"',
    exit: 'failed',
    http: 503,
  },
  LB_ERR_STATE: { message: '{subject} cannot change from {from} to {to}', exit: 'failed', http: 500 },
  LB_ERR_MESSAGE: { message: 'malformed {what}: {path}: expected {expected}, got {got}', exit: 'usage', http: 400 },
  LB_ERR_ROUTE: {
    message: 'no such route: {method} {path}',
    hint: 'GET /v1/hello returns the version and the protocol',
    exit: 'notFound',
    http: 404,
  },
  LB_ERR_PROTOCOL: {
    message: 'this lb speaks protocol {ours}, the daemon (lb {version}) speaks {theirs}',
    hint: '"lb upgrade" with the newer version replaces the daemon, and its apps keep serving; until then, one protocol apart, commands that only read, "lb stop" and "lb kill" work',
    exit: 'daemon',
    http: 426,
  },
  LB_ERR_DAEMON_UNREACHABLE: {
    message: 'the daemon at {socket} cannot be reached: {reason}',
    hint: 'see {log}',
    exit: 'daemon',
    http: 503,
  },
  LB_ERR_DAEMON_NOT_RUNNING: {
    message: 'no daemon is running for {home}',
    hint: 'start one with "lb start"',
    exit: 'daemon',
    http: 503,
  },
  LB_ERR_DAEMON_LOST: {
    message: 'the daemon is gone; its apps keep serving, and a new daemon starts automatically within seconds',
    hint: 'run the command again in a moment',
    exit: 'daemon',
    http: 503,
  },
  LB_ERR_DAEMON_RUNNING: {
    message: 'a daemon is already running for {home} (pid {pid})',
    hint: 'end it first with "lb kill", or use another LB_HOME',
    exit: 'daemon',
    http: 409,
  },
  LB_ERR_DAEMON_GONE: {
    message: 'the daemon ended during the operation',
    hint: 'your apps keep running; "lb list" shows the result',
    exit: 'daemon',
    http: 503,
  },
  LB_ERR_HOME: {
    message: 'LB_HOME {home} cannot be used: {reason}',
    hint: 'set LB_HOME to a directory that only you can write to',
    exit: 'daemon',
    http: 500,
  },
  LB_ERR_NEWER_STATE: {
    message: '{file} was written by a newer version of lb: it has version {version}, and this lb reads none after {known}',
    hint: 'use the newer lb; to start without these apps, move the file away',
    exit: 'daemon',
    http: 500,
  },
  LB_ERR_SOCKET_PATH: {
    message: 'cannot use the socket path {socket}: {reason}',
    hint: 'move the file away, or set another LB_HOME',
    exit: 'daemon',
    http: 500,
  },
  ...MACHINE_ERRORS,
  LB_ERR_NOT_SUPPORTED: { message: '{what} is not supported{reason}', exit: 'usage', http: 400 },
  LB_ERR_INTERNAL: { message: 'internal error: {reason}', hint: 'this is a bug in lb; please report it', exit: 'failed', http: 500 },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
