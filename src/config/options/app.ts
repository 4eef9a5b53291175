import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { expectedName, normalName } from '../../lifecycle/app-name.ts';
import { env } from '../env-kind.ts';
import type { Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { group, user } from '../user-kind.ts';
import { umask } from '../umask-kind.ts';
import { option, withDefault } from './option.ts';

const name: Kind<string> = {
  ...kinds.string,
  parse(raw) {
    const parsed = kinds.string.parse(raw);
    return 'value' in parsed ? { value: normalName(parsed.value) } : parsed;
  },
};

/** What to run: script, arguments, environment, number of workers. */
export const APP_OPTIONS = {
  name: option({
    group: 'App',
    kind: name,
    flags: ['-n, --name <name>'],
    defaultText: "the script's file name without its extension",
    doc: 'name of the app, unique within a daemon',
    notes:
      'Letters and digits of any script, emoji, single spaces inside, and any of `. _ - @ / : ( ) [ ] + # & = ~ !`, as in `@org/api`, `api:3000` or `My API (prod)`. At most 64 characters and 128 bytes of UTF-8; the first character is a letter, digit, emoji, `@`, `_`, `(` or `[`. Quote a name with a blank or a bracket in a shell. Unicode normalization forms of a name are the same name. Files of an app whose name is not safe as a file name are named for what is safe of it and a hash: `org_api-6989c3ac-out.log`.',
    check: expectedName,
  }),
  script: option({
    group: 'App',
    kind: kinds.path,
    aliases: ['exec', 'cmd', 'command'],
    defaultText: 'none; required',
    doc: 'file that every worker runs as its main module',
    notes:
      "Relative to `cwd`. On the command line it is relative to the current directory, or to `--cwd` if it does not exist there. You can omit the extensions `.js`, `.mjs`, `.cjs` and `.ts`; a directory means the `main` of its `package.json`, its `index.js` or its `start` script. A command works too, if a Node.js script is behind it: `npm` with `args: 'start'`, `next`, `node dist/main.js --flag`; see [what you can start](commands.md#what-you-can-start).",
  }),
  args: withDefault({
    group: 'App',
    kind: kinds.stringList,
    default: [],
    doc: 'arguments for the script, as in `process.argv.slice(2)`',
    notes: 'On the command line they follow `--` and replace those of the file.',
  }),
  cwd: option({
    group: 'App',
    kind: kinds.path,
    flags: ['--cwd <dir>'],
    defaultText: 'the directory of the config file, or the one in which you ran `lb start`',
    doc: 'working directory of the workers',
    notes: 'Relative to the config file (as a flag: to the current directory). The other paths of the app are relative to `cwd`.',
  }),
  instances: withDefault({
    group: 'App',
    kind: kinds.instances,
    flags: ['-i, --instances <n>'],
    default: 1,
    doc: 'number of workers: n, `max` for one per CPU, or -n for n fewer than CPUs',
    notes:
      '`auto` is the same as `max`. The CPU count respects the quota of the container. 0 means `max`; a negative number leaves at least one worker. At most 1024. At most 32 workers (or one per CPU, if there are more CPUs) start at the same time; the rest start as those become ready.',
  }),
  exec_mode: option({
    group: 'App',
    kind: kinds.oneOf(['cluster', 'cluster_mode', 'fork', 'fork_mode']),
    flags: ['--exec-mode <mode>'],
    defaultText: '`cluster` with `instances` or `scale`, else `fork`',
    doc: 'whether workers are made with `node:cluster` or as plain Node.js processes',
    notes:
      'A worker of `cluster` sees `cluster.isWorker`, as in PM2. One of `fork` is a plain process that runs as under `node`: `cluster.isPrimary` is true, it may fork cluster workers of its own, and with several `instances` each of them is a primary (a job that the primary schedules runs in each). Everything else is the same for both.',
  }),
  ipc: withDefault<AppSpec['ipc']>({
    group: 'App',
    kind: kinds.oneOf(['none', 'broadcast']),
    flags: ['--ipc <mode>'],
    default: 'none',
    doc: 'what happens to messages that a worker sends to its cluster primary: `broadcast` sends each to all other workers',
    notes:
      "The cluster primary of the workers is `lb`, so code that an app runs in its primary has no place there. Libraries whose workers talk to each other through it work with `broadcast`: Socket.IO's cluster adapter (without its `setupPrimary`), log4js (with `pm2: true`), PM2's `pm2-intercom`. Without it such messages are ignored, and the first one is reported as an event. Messages that `lb` understands (`ready`, `{ lb: … }`) are never sent on. Plain workers (`exec_mode: 'fork'`) send nothing, because each is a primary itself.",
  }),
  env: option({
    group: 'Environment and Node.js',
    kind: env,
    defaultText: '`{}`',
    doc: 'environment variables of the workers',
    notes:
      'Added to the environment in which you ran `lb start`. Objects are passed as JSON; `null` removes an inherited variable. A string is parsed like a dotenv file. `--env <name>` adds the variables in `env_<name>`.',
  }),
  env_file: option({
    group: 'Environment and Node.js',
    kind: kinds.path,
    flags: ['--env-file <file>'],
    defaultText: 'none',
    doc: 'dotenv file with more environment variables',
    notes:
      'It overrides the inherited environment; `env` and `env_<name>` override it. `lb` reads it when the app is started or reloaded with its config file. Node.js 20 has a flag of the same name and looks for it on the whole command line: there, a file that is missing ends `lb start` with its message (`node: prod.env: not found`) and exit code 9.',
  }),
  uid: option({
    group: 'App',
    kind: user,
    aliases: ['user'],
    flags: ['--uid <user>'],
    defaultText: 'the user who runs the daemon',
    doc: 'user as whom the app runs, by name or number; only root may choose another one',
    notes:
      'The primary and the workers of the app run as this user, with its groups, `HOME`, `USER` and `LOGNAME`. The default log files are then in a folder of that user below `/var/lib/lb`. Ports below 1024 are opened for the app if its `port` or `socket` names them. See [security](security.md#apps-of-other-users).',
  }),
  gid: option({
    group: 'App',
    kind: group,
    flags: ['--gid <group>'],
    defaultText: 'the group of `uid`',
    doc: 'group with which the app runs, by name or number; only root may choose another one',
    notes: 'A user number without an entry in the user database has no other groups; its default group is the one with the same number.',
  }),
  umask: option({
    group: 'Environment and Node.js',
    kind: umask,
    flags: ['--umask <mask>'],
    defaultText: 'that of the shell in which you ran `lb start`',
    doc: 'umask of the workers: the permissions that files they create do not get',
    notes:
      'Octal, as in a shell: with `"027"`, files of the app are not accessible to others than its user and group. In JSON and YAML write it as a string, because there a number is decimal. It applies to the files and Unix sockets of the app, not to the logs that `lb` writes.',
  }),
  port: option({
    group: 'Environment and Node.js',
    kind: kinds.integer(0, 65_535),
    flags: ['--port <n>'],
    defaultText: 'none',
    doc: 'the port of the app: sets `PORT`, and a worker is ready when it listens there',
    notes:
      'It overrides every other source of `PORT`. A worker that does not listen on it within `listen_timeout` has failed. `PORT` from elsewhere is only a hint: `lb start` waits for the app to listen, but does not fail.',
  }),
  socket: option({
    group: 'App',
    kind: kinds.hostPort,
    flags: ['--socket <address>'],
    defaultText: 'none',
    doc: 'the port that a command gets as an open socket, as from systemd; reloads then drop no connection',
    notes:
      'For programs that are not Node.js and take the listening socket from their parent: descriptor 3, `LISTEN_FDS=1` and `LISTEN_PID` as in sd_listen_fds(3). gunicorn does so by itself, uvicorn with `--fd 3`. `lb` keeps the socket over crashes, reloads and the death of the primary, and starts the new process before it ends the old one. Such a process is ready by `ready_when` with `command` or `file`, otherwise when it has lived for `min_uptime`: the socket accepts connections before it has run a line.',
  }),
  own_primary: withDefault({
    group: 'App',
    kind: kinds.boolean,
    flags: ['--own-primary'],
    default: false,
    doc: 'give the app a primary process of its own, where it could share one',
    notes:
      'Plain apps with one worker, and commands, share a primary, which costs each about half a megabyte instead of nine. Cluster apps, plain apps with several copies, apps with another Node.js as `interpreter`, and apps with a `uid` or `gid` always have their own. Requests do not pass through a shared primary. Takes effect when the app is stopped and started.',
  }),
  instance_var: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.string,
    default: 'NODE_APP_INSTANCE',
    doc: "environment variable that carries the worker's slot number, from 0",
    check: (name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : 'the name of an environment variable'),
  }),
  increment_var: option({
    group: 'Environment and Node.js',
    kind: kinds.string,
    flags: ['--increment-var <name>'],
    defaultText: 'none',
    doc: 'environment variable that each worker gets increased by its slot number',
    notes:
      'With `instances: 3`, `increment_var: "PORT"` and `PORT=3000` the workers get 3000, 3001 and 3002, and keep them over restarts and reloads. The variable must be a whole number.',
    check: (name) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : 'the name of an environment variable'),
  }),
  node_args: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.stringList,
    aliases: ['interpreter_args'],
    flags: ['--node-args <args>', '--interpreter-args <args>'],
    default: [],
    doc: 'arguments for Node.js itself, such as `--max-old-space-size=512`, or for another interpreter',
  }),
  interpreter: withDefault({
    group: 'Environment and Node.js',
    kind: kinds.path,
    aliases: ['exec_interpreter'],
    flags: ['--interpreter <program>'],
    default: 'node',
    defaultText: 'the Node.js that runs `lb`; for a script in another language, by its extension',
    doc: 'what runs the script: another Node.js (20.19 or newer), or any other program, such as `python3`',
    notes:
      'A path relative to `cwd`, or a name that is looked up in `PATH`; `node` means the one that runs `lb`. `tsx` and `ts-node` are loaded into that one. Any other program makes the app a [command](commands.md#commands-in-any-language), as do the extensions `.py`, `.sh`, `.rb`, `.pl`, `.php`, `.coffee` and `.ls`; `none` runs the script by itself.',
  }),
};
