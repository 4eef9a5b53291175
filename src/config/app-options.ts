// Generated from the option table (src/config/options) by "npm run docs". Do not edit.
import type { Env } from './env.ts';

/** Options of one app in a config file. */
export interface AppOptions {
  /**
   * Name of the app, unique within a daemon.
   *
   * Letters and digits of any script, emoji, single spaces inside, and any of `. _ - @ / : ( ) [ ] + # & = ~ !`, as in `@org/api`, `api:3000` or `My API (prod)`. At most 64 characters and 128 bytes of UTF-8; the first character is a letter, digit, emoji, `@`, `_`, `(` or `[`. Quote a name with a blank or a bracket in a shell. Unicode normalization forms of a name are the same name. Files of an app whose name is not safe as a file name are named for what is safe of it and a hash: `org_api-6989c3ac-out.log`.
   * @default the script's file name without its extension
   */
  readonly name?: string | undefined;
  /**
   * File that every worker runs as its main module.
   *
   * Relative to `cwd`. On the command line it is relative to the current directory, or to `--cwd` if it does not exist there. You can omit the extensions `.js`, `.mjs`, `.cjs` and `.ts`; a directory means the `main` of its `package.json`, its `index.js` or its `start` script. A command works too, if a Node.js script is behind it: `npm` with `args: 'start'`, `next`, `node dist/main.js --flag`; see [what you can start](commands.md#what-you-can-start).
   * @default none; required
   */
  readonly script: string;
  /**
   * Arguments for the script, as in `process.argv.slice(2)`.
   *
   * On the command line they follow `--` and replace those of the file.
   * @default `[]`
   */
  readonly args?: string | readonly (string | number)[] | undefined;
  /**
   * Working directory of the workers.
   *
   * Relative to the config file (as a flag: to the current directory). The other paths of the app are relative to `cwd`.
   * @default the directory of the config file, or the one in which you ran `lb start`
   */
  readonly cwd?: string | undefined;
  /**
   * Number of workers: n, `max` for one per CPU, or -n for n fewer than CPUs.
   *
   * `auto` is the same as `max`. The CPU count respects the quota of the container. 0 means `max`; a negative number leaves at least one worker. At most 1024. At most 32 workers (or one per CPU, if there are more CPUs) start at the same time; the rest start as those become ready.
   * @default `1`
   */
  readonly instances?: number | 'max' | (string & {}) | undefined;
  /**
   * Whether workers are made with `node:cluster` or as plain Node.js processes.
   *
   * A worker of `cluster` sees `cluster.isWorker`, as in PM2. One of `fork` is a plain process that runs as under `node`: `cluster.isPrimary` is true, it may fork cluster workers of its own, and with several `instances` each of them is a primary (a job that the primary schedules runs in each). Everything else is the same for both.
   * @default `cluster` with `instances` or `scale`, else `fork`
   */
  readonly exec_mode?: 'cluster' | 'cluster_mode' | 'fork' | 'fork_mode' | undefined;
  /**
   * What happens to messages that a worker sends to its cluster primary: `broadcast` sends each to all other workers.
   *
   * The cluster primary of the workers is `lb`, so code that an app runs in its primary has no place there. Libraries whose workers talk to each other through it work with `broadcast`: Socket.IO's cluster adapter (without its `setupPrimary`), log4js (with `pm2: true`), PM2's `pm2-intercom`. Without it such messages are ignored, and the first one is reported as an event. Messages that `lb` understands (`ready`, `{ lb: … }`) are never sent on. Plain workers (`exec_mode: 'fork'`) send nothing, because each is a primary itself.
   * @default `"none"`
   */
  readonly ipc?: 'none' | 'broadcast' | undefined;
  /**
   * Environment variables of the workers.
   *
   * Added to the environment in which you ran `lb start`. Objects are passed as JSON; `null` removes an inherited variable. A string is parsed like a dotenv file. `--env <name>` adds the variables in `env_<name>`.
   * @default `{}`
   */
  readonly env?: Env | string | undefined;
  /**
   * Dotenv file with more environment variables.
   *
   * It overrides the inherited environment; `env` and `env_<name>` override it. `lb` reads it when the app is started or reloaded with its config file. Node.js 20 has a flag of the same name and looks for it on the whole command line: there, a file that is missing ends `lb start` with its message (`node: prod.env: not found`) and exit code 9.
   * @default none
   */
  readonly env_file?: string | undefined;
  /**
   * User as whom the app runs, by name or number; only root may choose another one.
   *
   * The primary and the workers of the app run as this user, with its groups, `HOME`, `USER` and `LOGNAME`. The default log files are then in a folder of that user below `/var/lib/lb`. Ports below 1024 are opened for the app if its `port` or `socket` names them. See [security](security.md#apps-of-other-users).
   * @default the user who runs the daemon
   */
  readonly uid?: string | number | undefined;
  /**
   * Group with which the app runs, by name or number; only root may choose another one.
   *
   * A user number without an entry in the user database has no other groups; its default group is the one with the same number.
   * @default the group of `uid`
   */
  readonly gid?: string | number | undefined;
  /**
   * Umask of the workers: the permissions that files they create do not get.
   *
   * Octal, as in a shell: with `"027"`, files of the app are not accessible to others than its user and group. In JSON and YAML write it as a string, because there a number is decimal. It applies to the files and Unix sockets of the app, not to the logs that `lb` writes.
   * @default that of the shell in which you ran `lb start`
   */
  readonly umask?: string | number | undefined;
  /**
   * The port of the app: sets `PORT`, and a worker is ready when it listens there.
   *
   * It overrides every other source of `PORT`. A worker that does not listen on it within `listen_timeout` has failed. `PORT` from elsewhere is only a hint: `lb start` waits for the app to listen, but does not fail.
   * @default none
   */
  readonly port?: number | undefined;
  /**
   * The port that a command gets as an open socket, as from systemd; reloads then drop no connection.
   *
   * For programs that are not Node.js and take the listening socket from their parent: descriptor 3, `LISTEN_FDS=1` and `LISTEN_PID` as in sd_listen_fds(3). gunicorn does so by itself, uvicorn with `--fd 3`. `lb` keeps the socket over crashes, reloads and the death of the primary, and starts the new process before it ends the old one. Such a process is ready by `ready_when` with `command` or `file`, otherwise when it has lived for `min_uptime`: the socket accepts connections before it has run a line.
   * @default none
   */
  readonly socket?: number | string | undefined;
  /**
   * Give the app a primary process of its own, where it could share one.
   *
   * Plain apps with one worker, and commands, share a primary, which costs each about half a megabyte instead of nine. Cluster apps, plain apps with several copies, apps with another Node.js as `interpreter`, and apps with a `uid` or `gid` always have their own. Requests do not pass through a shared primary. Takes effect when the app is stopped and started.
   * @default `false`
   */
  readonly own_primary?: boolean | undefined;
  /**
   * Environment variable that carries the worker's slot number, from 0.
   * @default `"NODE_APP_INSTANCE"`
   */
  readonly instance_var?: string | undefined;
  /**
   * Environment variable that each worker gets increased by its slot number.
   *
   * With `instances: 3`, `increment_var: "PORT"` and `PORT=3000` the workers get 3000, 3001 and 3002, and keep them over restarts and reloads. The variable must be a whole number.
   * @default none
   */
  readonly increment_var?: string | undefined;
  /**
   * Arguments for Node.js itself, such as `--max-old-space-size=512`, or for another interpreter.
   * @default `[]`
   */
  readonly node_args?: string | readonly (string | number)[] | undefined;
  /**
   * What runs the script: another Node.js (20.19 or newer), or any other program, such as `python3`.
   *
   * A path relative to `cwd`, or a name that is looked up in `PATH`; `node` means the one that runs `lb`. `tsx` and `ts-node` are loaded into that one. Any other program makes the app a [command](commands.md#commands-in-any-language), as do the extensions `.py`, `.sh`, `.rb`, `.pl`, `.php`, `.coffee` and `.ls`; `none` runs the script by itself.
   * @default the Node.js that runs `lb`; for a script in another language, by its extension
   */
  readonly interpreter?: string | undefined;
  /**
   * Group of the app: commands accept it instead of names.
   *
   * An app of that name comes first. `lb list` shows it if an app has one.
   * @default `"default"`
   */
  readonly namespace?: string | undefined;
  /**
   * With `--env staging`, name the app `api-staging`.
   * @default `false`
   */
  readonly append_env_to_name?: boolean | undefined;
  /**
   * File for the worker's pid.
   *
   * Relative to `cwd`. With several workers, each has its own: `api.pid` becomes `api-0.pid`, `api-1.pid`. During a reload it names the worker that serves.
   * @default none
   */
  readonly pid_file?: string | undefined;
  /**
   * Do not inherit variables whose name contains one of these words; `true` inherits none.
   *
   * It applies to the environment in which you ran `lb start`, and to `--update-env`; variables that `env` and `env_file` set stay.
   * @default `[]`
   */
  readonly filter_env?: boolean | string | readonly string[] | undefined;
  /**
   * Show stacks in terms of the sources: `--enable-source-maps` of Node.js.
   *
   * PM2 has this on by default. It makes stacks slower.
   * @default `false`
   */
  readonly source_map_support?: boolean | undefined;
  /**
   * Turn `source_map_support` off, whatever else says.
   * @default `false`
   */
  readonly disable_source_map_support?: boolean | undefined;
  /**
   * What shows that a command is ready: a port, or a path that is answered.
   *
   * For programs that are not Node.js. `8000`: that port of this machine accepts a connection. `"/health"`: a GET of it, on `port` or `PORT`, is answered with a status below 400; `{ path, port }` names the port. `{ command }`: that shell command ends with 0, in the environment and directory of the app. `{ file }`: that file, relative to `cwd`, was written since the start. Nothing else makes the app ready then; if that does not happen within `listen_timeout`, the start or reload fails.
   * @default it listens, or has lived for `min_uptime`
   */
  readonly ready_when?: number | string | { readonly port: number } | { readonly path: string; readonly port?: number | undefined } | { readonly command: string } | { readonly file: string } | undefined;
  /**
   * Apps of the same file that start before this one, and stop after it.
   *
   * An array of names as in the file, or one name. It orders the start of several apps, their start after a reboot, and the stop of several: `lb stop` and `lb delete` with several targets, `lb kill`, and the end of the daemon by a signal (then not for an app with `stop_grace`, so that it ends in time; `lb run` sets one). A dependency counts as started when `ready_min` of its workers are ready; a job (`autorestart: false`) also when it has ended. If one is not ready within its `listen_timeout`, or does not run, this app starts anyway, with a warning and the event `dependency`. `lb start api` alone starts nothing else, and `lb stop db` stops nothing else. If a dependency crashes later, this app is not affected.
   * @default `[]`
   */
  readonly depends_on?: string | readonly string[] | undefined;
  /**
   * A command, such as a migration, that must succeed before a reload replaces anything.
   *
   * It runs once for each `lb reload` and each reload by `lb apply`, with a shell, as the user of the app, in the `cwd` and with the environment of the new definition, but before any worker of it starts. If it does not end with 0 within its `timeout`, nothing is replaced, its last lines are shown, and the exit code is 1 (`LB_ERR_BEFORE_RELOAD`). It does not run at a start or restart, when one slot is reloaded, and when `cron_restart`, `watch`, a limit or an upgrade replaces workers. The old version still serves when it has run, so a migration must suit both.
   * @default `off`
   */
  readonly before_reload?: false | string | { readonly command?: string | undefined; readonly timeout?: number | string | undefined } | undefined;
  /**
   * A worker is ready only when it calls `process.send('ready')`.
   *
   * Without this a worker is ready when it listens or, if it never listens, when it has survived `min_uptime`.
   * @default `false`
   */
  readonly wait_ready?: boolean | undefined;
  /**
   * Time a worker has to become ready.
   *
   * A worker that is not ready by then has failed: the start or reload fails, and the old workers stay.
   * @default `30s`
   */
  readonly listen_timeout?: number | string | undefined;
  /**
   * Time a worker has to finish its requests and exit before SIGKILL.
   *
   * It limits the whole shutdown: the drain, the stop signal and the exit of the app. 0 kills at once, and requests in progress fail.
   * @default `30s`
   */
  readonly kill_timeout?: number | string | undefined;
  /**
   * While a worker drains, close keep-alive connections that have been idle for this time.
   *
   * Counted from the last byte of the connection. Before that, it ends with its next answer, or by the `keepAliveTimeout` of the server. A request that arrives in the moment of the close is lost, as at the end of that timeout; a long `drain_idle` makes this rarer. [reliability.md](reliability.md#what-drain_idle-costs) says how many that are.
   * @default `10s`
   */
  readonly drain_idle?: number | string | undefined;
  /**
   * How many workers of the app may drain at a time.
   *
   * During a reload, old workers drain while new ones start, so the app has up to this many workers more than usual (at least `--parallel`). It counts reloads, replacements and scaling down together. A stop, a restart and `--all-at-once` drain all workers at once.
   * @default number of workers
   */
  readonly max_draining?: number | false | undefined;
  /**
   * Whether the old and the new worker may run side by side when one replaces the other.
   *
   * With `true` the new worker starts first, so one is always running. With `false` the old process ends first, as in PM2. Without this option `lb` starts first where it can: not for plain apps that never listened (bots, queue consumers and loops of jobs would run twice), nor for apps that opened a socket by themselves which two of them cannot have. See [lifecycle.md](lifecycle.md#start-first-or-stop-first).
   * @default decided by `lb`
   */
  readonly overlap?: boolean | undefined;
  /**
   * The signal that asks the app to stop.
   *
   * A Node.js app gets it when its HTTP connections are drained, whether or not it handles the signal. For a command, the first process gets it, or the whole process group if the first process is a shell waiting for what it runs; at three quarters of `kill_timeout` the group gets it in any case.
   * @default `SIGTERM`; `SIGINT` for a Node.js app that handles only that
   */
  readonly kill_signal?: string | undefined;
  /**
   * End the processes that a worker started when the worker ends.
   *
   * With `false`, only the worker itself is asked, and killed at the end; the processes that it started keep running, except when the primary dies. Processes in a session of their own always keep running.
   * @default `true`
   */
  readonly treekill?: boolean | undefined;
  /**
   * Ask a worker to stop with the message `shutdown` instead of a signal.
   *
   * The app receives it with `process.on('message')` once its HTTP connections are drained.
   * @default `false`
   */
  readonly shutdown_with_message?: boolean | undefined;
  /**
   * Restart a worker that exits on its own.
   * @default `true`
   */
  readonly autorestart?: boolean | undefined;
  /**
   * Start the app when it is defined.
   *
   * With `false`, `lb start` of its file or script only defines the app, and `lb start <app>` starts it. With `cron_restart` or `watch` it waits for the first tick or change.
   * @default `true`
   */
  readonly autostart?: boolean | undefined;
  /**
   * Exit codes after which a worker is not restarted, such as `0,143`.
   * @default `[]`
   */
  readonly stop_exit_codes?: number | string | readonly (number | string)[] | undefined;
  /**
   * A worker that exits sooner counts as unstable.
   *
   * See `max_restarts`. An app that never listens is ready after this time.
   * @default `1s`
   */
  readonly min_uptime?: number | string | undefined;
  /**
   * Unstable restarts in a row before a slot gives up.
   *
   * The other workers keep serving.
   * @default `16`
   */
  readonly max_restarts?: number | undefined;
  /**
   * Fixed delay before every restart after a crash.
   *
   * It replaces the exponential backoff.
   * @default `off`
   */
  readonly restart_delay?: number | string | false | undefined;
  /**
   * First delay of the exponential backoff between restarts.
   *
   * The first restart is immediate; then the delay doubles up to 30 s and is reset once a worker has run for 30 s. PM2 has no backoff by default.
   * @default `100ms`
   */
  readonly exp_backoff_restart_delay?: number | string | undefined;
  /**
   * Replace a worker whose resident memory exceeds this size.
   *
   * The new worker is ready before the old one drains; one worker of the app at a time. Memory is sampled every second.
   * @default `off`
   */
  readonly max_memory_restart?: number | string | false | undefined;
  /**
   * Immediately kill a worker whose resident memory exceeds this size.
   *
   * A hard limit above `max_memory_restart`, for a worker that leaks faster than it can be replaced. Its requests in progress fail.
   * @default `off`
   */
  readonly max_memory_kill?: number | string | false | undefined;
  /**
   * Replace a worker after this many requests.
   *
   * The new worker is ready before the old one drains; one worker of the app at a time. See `recycle_jitter`.
   * @default `off`
   */
  readonly max_requests?: number | false | undefined;
  /**
   * Replace a worker after this time.
   *
   * Works like `max_requests`.
   * @default `off`
   */
  readonly max_lifetime?: number | string | false | undefined;
  /**
   * How far to spread `max_requests` and `max_lifetime` across the slots, as a share, so that workers do not reach them together.
   * @default `0.1`
   */
  readonly recycle_jitter?: number | undefined;
  /**
   * Upper limit for stopping the app, whatever the other options say.
   *
   * Set it to what the container or service manager allows before it kills (`docker stop`: 10 s). It covers `drain_delay` (a third of it at most), the drain, the stop signal and the kill, which comes 5 %, at least half a second, before its end; the app is asked to stop at three quarters of what is left after the delay, at the latest. It does not apply to reloads. `lb run` always has one; set a longer one there if more time is allowed. The environment variable `LB_STOP_GRACE` sets it for every app of a command, above the config file and below the flag.
   * @default 10s in `lb run`, else off
   */
  readonly stop_grace?: number | string | false | undefined;
  /**
   * Time between reporting not ready and draining when the app is stopped.
   *
   * For a load balancer in front that checks `health_port`: `/ready` answers 503 at once, and the app keeps serving for this time, at most a third of `stop_grace`. It must be longer than the interval of the checks times the failures that the balancer wants to see. A second stop, or `--now`, skips it.
   * @default `5s` with `health_port`, else `0ms`
   */
  readonly drain_delay?: number | string | undefined;
  /**
   * Start the app again, or reload it, at these times, such as `0 3 * * *`.
   *
   * An app that has ended is started; one that runs is reloaded, without losing a request. With `autorestart: false` and no listener it is a job: a tick while its last run still runs is skipped, with an event. Ticks that the machine slept through are not made up. `lb stop` turns it off until the next start; it survives reboots and upgrades. See [lifecycle.md](lifecycle.md#cron-and-watch).
   * @default `off`
   */
  readonly cron_restart?: string | 0 | false | undefined;
  /**
   * Time zone of `cron_restart`, such as `Europe/Berlin`.
   * @default that of the machine
   */
  readonly cron_timezone?: string | undefined;
  /**
   * Reload the app when files change: those of `cwd`, or of these paths.
   *
   * Paths are relative to `cwd`. An app that runs is reloaded, without losing a request; if the new code does not start, the old one keeps serving. One that has ended or given up is started. Dot files and `node_modules` below a watched folder, and the log files of the app, are never watched; name a dot file to watch it. As a flag, separate several paths by commas, and put `--watch` alone after the script. See [lifecycle.md](lifecycle.md#cron-and-watch).
   * @default `off`
   */
  readonly watch?: boolean | string | readonly string[] | undefined;
  /**
   * What `watch` ignores, such as `["logs", "*.tmp", "public/uploads"]`.
   *
   * A name without a slash is that of a file or folder at any depth, as in `.gitignore`; one with a slash is relative to `cwd`. `*`, `?`, `**` and `{a,b}` work as in a shell. A `RegExp`, or a string with a backslash, `^`, `$` or `|`, is a regular expression for the path below the watched folder, which begins with a slash.
   * @default `[]`
   */
  readonly ignore_watch?: string | RegExp | readonly (string | RegExp)[] | undefined;
  /**
   * How long no more files must change before the app is reloaded.
   *
   * Changes that do not stop are acted upon after 10 s.
   * @default `300ms`
   */
  readonly watch_delay?: number | string | undefined;
  /**
   * Options of chokidar, such as `{ usePolling: true }` for a network file system.
   *
   * `persistent`, `ignoreInitial`, `cwd`, `ignored`, `disableGlobbing` and `useFsEvents` have no effect.
   * @default `{}`
   */
  readonly watch_options?: { readonly usePolling?: boolean; readonly interval?: number; readonly binaryInterval?: number; readonly depth?: number; readonly followSymlinks?: boolean; readonly ignorePermissionErrors?: boolean; readonly alwaysStat?: boolean; readonly atomic?: boolean | number; readonly awaitWriteFinish?: boolean | { readonly stabilityThreshold?: number; readonly pollInterval?: number }; readonly [other: string]: unknown } | undefined;
  /**
   * Adjust the number of workers to the load.
   *
   * For example `{ min: 2, max: 8, target: { elu: 0.6 } }`. `instances` is the number of workers at the start. `target` has exactly one measure. With `elu` and `cpu` there are never more workers than available CPUs, unless `min` is higher. `lb scale <app> <n>` turns autoscaling off, `lb scale <app> auto` turns it on. See docs/autoscaling.md.
   * @default `off`
   */
  readonly scale?: boolean | { readonly min?: number | undefined; readonly max?: number | 'max' | (string & {}) | undefined; readonly target?: { readonly elu: number } | { readonly cpu: number } | { readonly p95_ms: number } | { readonly rps_per_worker: number } | undefined; readonly up_cooldown?: number | string | undefined; readonly down_cooldown?: number | string | undefined } | undefined;
  /**
   * How a worker is chosen for each connection: auto, round-robin, least-connections, ip-hash, random, direct.
   *
   * See docs/balancing.md. `lb balance <app> <strategy>` changes it without a restart.
   * @default `"auto"`
   */
  readonly balance?: 'auto' | 'round-robin' | 'least-connections' | 'ip-hash' | 'random' | 'direct' | undefined;
  /**
   * With `balance: "auto"`, the share of a core that the primary may spend before the workers accept connections themselves.
   *
   * See [balancing.md](balancing.md#auto).
   * @default `0.2`
   */
  readonly hand_off_share?: number | undefined;
  /**
   * Weight of each slot, in the order of the slots, such as `[2, 1, 1]`; further slots have 1.
   *
   * 0 gives the slot no new connections. `lb weight <app> <slot>=<w>` changes it without a restart. With `direct`, only 0 and 1 are possible.
   * @default `[]`
   */
  readonly weights?: string | readonly (number | string)[] | undefined;
  /**
   * Slots that get connections only while no other slot can take any, such as `[3]`.
   * @default `[]`
   */
  readonly backup?: number | string | readonly (number | string)[] | undefined;
  /**
   * Maximum number of open connections per worker.
   *
   * When every worker has reached it, new connections wait: most of them in the kernel, see [balancing.md](balancing.md#when-workers-are-full). Not available with `direct`.
   * @default `off`
   */
  readonly max_conns?: number | false | undefined;
  /**
   * Maximum number of connections per listener that wait in the primary for a worker.
   *
   * It bounds what must be accepted before a worker can be chosen: with `ip-hash` and the PROXY protocol. Otherwise connections wait in the kernel, and only a handful in the primary. Beyond it nothing is refused: the primary stops accepting, and further connections wait in the kernel until half of the queue has been served. The queue of a Unix socket has no limit.
   * @default `8192`
   */
  readonly max_queue?: number | undefined;
  /**
   * Time in which the share of a replaced or readmitted worker grows from a tenth to its full weight.
   *
   * Does not apply at the first start of the app. Has no effect with `ip-hash`, where it would move clients twice. Not available with `direct`.
   * @default `0ms`
   */
  readonly slow_start?: number | string | undefined;
  /**
   * Bits of an IPv4 address that `ip-hash` uses.
   *
   * 24 keeps clients on one worker that share a network but change addresses, such as those behind a company gateway.
   * @default `32`
   */
  readonly ip_hash_prefix_v4?: number | undefined;
  /**
   * Bits of an IPv6 address that `ip-hash` uses.
   *
   * Most clients change the last 64 bits of their address every few hours (RFC 8981).
   * @default `64`
   */
  readonly ip_hash_prefix_v6?: number | undefined;
  /**
   * Expect the PROXY protocol, version 1 or 2, at the beginning of each connection.
   *
   * `true` applies to every port of the app, a number or an array to these ports. The app sees the address of the client, and `ip-hash` uses it. A connection without a valid header is closed within 5 s and counted. Not available with `direct`.
   * @default `false`
   */
  readonly proxy_protocol?: boolean | number | readonly number[] | undefined;
  /**
   * Addresses and CIDR blocks that may connect to a port with `proxy_protocol`, such as `10.0.0.0/8`.
   *
   * Anyone who can connect can claim any client address, so restrict this. Other connections are closed at once and counted.
   * @default any address
   */
  readonly proxy_protocol_from?: string | readonly string[] | undefined;
  /**
   * Check each worker individually: over HTTP(S), with a plain connect, or with a command.
   *
   * A new worker is ready only after its first success. Checks reach a worker of Node.js the same way as its connections do. A [command](health.md#health-of-a-command) is checked from outside: `{ port: 5432 }` by a connect, `"/health"` by a request over HTTP, `{ command: "pg_isready" }` by the exit code of a shell command. See docs/health.md.
   * @default `off`
   */
  readonly health?: boolean | string | { readonly path?: string | undefined; readonly host?: string | undefined; readonly headers?: Readonly<Record<string, string>> | readonly { readonly name: string; readonly value: string }[] | undefined; readonly port?: number | undefined; readonly command?: string | undefined; readonly interval?: number | string | undefined; readonly timeout?: number | string | undefined; readonly fall?: number | undefined; readonly rise?: number | undefined; readonly expect?: number | string | readonly (number | string)[] | undefined; readonly replace_after?: number | string | false | undefined } | undefined;
  /**
   * Take workers out of rotation for a while if they do not take connections, are blocked, or answer 5xx far more often than their peers.
   *
   * The only worker of an app is never ejected.
   * @default `true`
   */
  readonly ejection?: boolean | { readonly take_timeout?: number | string | undefined; readonly loop_delay?: number | string | undefined; readonly error_rate?: number | undefined; readonly base?: number | string | undefined; readonly max_share?: number | undefined } | undefined;
  /**
   * Fail a reload if its first new worker answers 5xx, hangs or resets requests where the old workers do not.
   *
   * See [deploys.md](deploys.md#the-canary).
   * @default `true`
   */
  readonly canary?: boolean | { readonly monitor?: number | string | undefined; readonly failure_rate?: number | undefined; readonly requests?: number | undefined } | undefined;
  /**
   * A worker without a heartbeat for this long is hung: its stack is reported, and it is replaced and killed.
   *
   * At least 3 s; `false` or 0 turns it off. It is also off while a debugger is attached to the worker.
   * @default `30s`
   */
  readonly hang_timeout?: number | string | false | undefined;
  /**
   * Port on which the primary serves `/live` and `/ready` for a load balancer in front.
   *
   * `/ready` answers 503 below `ready_min` and while the app is being stopped. A port without a host listens on every address.
   * @default `off`
   */
  readonly health_port?: number | string | undefined;
  /**
   * Minimum number of ready workers for the app to be ready, for `health_port` and `lb health`.
   * @default `1`
   */
  readonly ready_min?: number | undefined;
  /**
   * Include the `prom-client` metrics of the app's workers.
   *
   * They are merged across the workers. Each scrape asks every worker and waits at most 1 s for a blocked one. See docs/metrics.md.
   * @default `false`
   */
  readonly prom_client?: boolean | undefined;
  /**
   * File for the workers' stdout.
   *
   * Relative to `cwd`. `"NULL"`, `/dev/null`, `null` or `false` writes no file; `lb logs` still shows the last lines. `"journal"` sends the output to journald through `systemd-cat`, `"syslog"` to syslog through `logger`; a file of that name is `"./journal"`. See docs/logs.md.
   * @default `$LB_HOME/logs/<name>-out.log`
   */
  readonly out_file?: string | null | false | undefined;
  /**
   * File for the workers' stderr.
   *
   * Works like `out_file`.
   * @default `$LB_HOME/logs/<name>-error.log`
   */
  readonly error_file?: string | null | false | undefined;
  /**
   * Write the logs of all workers to the same two files.
   *
   * With `false`, each worker has its own files: `api-out.log` becomes `api-out-0.log`, `api-out-1.log`, and so on, as in PM2 by default.
   * @default `true`
   */
  readonly merge_logs?: boolean | undefined;
  /**
   * How lines are written: `text` as they are, `json` as objects.
   *
   * With `json`, each line is an object with `message`, `timestamp`, `type`, `process_id` (the slot) and `app_name`. See docs/logs.md.
   * @default `"text"`
   */
  readonly log_type?: 'text' | 'json' | undefined;
  /**
   * One more file, for stdout and stderr together.
   *
   * Written as well as `out_file` and `error_file`, by all workers. Relative to `cwd`.
   * @default `off`
   */
  readonly log_file?: string | boolean | null | undefined;
  /**
   * Write no log files at all.
   *
   * `lb logs` still shows the last lines.
   * @default `false`
   */
  readonly disable_logs?: boolean | undefined;
  /**
   * Write the time before each line, in this format of dayjs, such as `YYYY-MM-DD HH:mm:ss.SSS`.
   *
   * The line follows after a colon and a blank, as in PM2. `lb logs` knows the time of each line also without it. No effect with `log_type: "json"`, which has a `timestamp`.
   * @default none
   */
  readonly log_date_format?: string | undefined;
  /**
   * Short for `log_date_format: "YYYY-MM-DDTHH:mm:ss"`.
   * @default `false`
   */
  readonly time?: boolean | undefined;
  /**
   * Size at which a log file is rotated.
   * @default `10M`
   */
  readonly log_max_size?: number | string | undefined;
  /**
   * Number of rotated files to keep.
   *
   * All but the newest rotated file are compressed with gzip.
   * @default `5`
   */
  readonly log_keep?: number | undefined;
  /**
   * Call a command or URL of yours for events of this app, such as `{ url: "https://hooks.example/lb" }`.
   *
   * Needs `run` or `url`; if both are given, both are called. Each event is tried up to three times, for 10 s each. A hook that fails or hangs does not affect the app; see docs/events.md.
   * @default `off`
   */
  readonly on_event?: false | { readonly run?: string | readonly string[] | undefined; readonly url?: string | undefined; readonly kinds?: readonly ('start' | 'ready' | 'not-ready' | 'listener-missing' | 'drain' | 'exit' | 'fork-failed' | 'errored' | 'eject' | 'readmit' | 'self-report' | 'hung' | 'cron' | 'watch' | 'recycle' | 'before-reload' | 'before-reload-failed' | 'dependency' | 'limit-low' | 'operation-begin' | 'operation' | 'rollback' | 'scale' | 'rebalance' | 'ended' | 'queue-short' | 'memory-pressure' | 'log' | 'pid-file' | 'health-port' | 'metrics-port' | 'share-failed' | 'name-taken' | 'profile' | 'profile-failed' | 'bad-message' | 'message-ignored' | 'primary-lost' | 'primary-adopted' | 'daemon-unstarted' | 'daemon-start' | 'daemon-socket' | 'daemon-end' | 'storage' | 'bug' | 'primary-replaced' | 'upgrade-gap' | 'upgrade' | 'upgrade-failed' | 'program-copy' | 'hook-failed')[] | undefined; readonly severity?: 'info' | 'warn' | 'error' | undefined } | undefined;
}
