// Generated from the option table (src/config/options) by "npm run docs". Do not edit.
import type { Env } from './env.ts';

/** Options of one app in a config file. */
export interface AppOptions {
  /**
   * Name of the app, unique in one daemon.
   *
   * Letters and digits of any script, emoji, `.`, `_`, `-` and single blanks inside, as in `My API`: at most 64 characters and 128 bytes of UTF-8, the first a letter, digit or emoji. A name with a blank is quoted in a shell. The same name typed in another form of Unicode is the same name.
   * @default the script's file name without its extension
   */
  readonly name?: string | undefined;
  /**
   * File that every worker runs as its main module.
   *
   * Relative to `cwd`; on the command line to the current directory, else to `--cwd`. The extensions `.js`, `.mjs`, `.cjs` and `.ts` may be left out; a directory stands for the `main` of its `package.json`, or its `index.js`.
   * @default none; required
   */
  readonly script: string;
  /**
   * Arguments for the script, as in `process.argv.slice(2)`.
   *
   * On the command line they stand after `--` and replace those of the file.
   * @default `[]`
   */
  readonly args?: string | readonly (string | number)[] | undefined;
  /**
   * Working directory of the workers.
   *
   * Relative to the config file (as a flag: to the current directory). The paths of the app are relative to it.
   * @default the config file's directory, or the directory `lb start` was called in
   */
  readonly cwd?: string | undefined;
  /**
   * Number of workers: n, `max` for one per CPU, or -n for all CPUs but n.
   *
   * The CPU count respects the quota of the container. 0 is the same as `max`; a negative number leaves at least one worker. At most 1024; of more than 32 (or the CPU count, if that is more) the others start as the first become ready.
   * @default `1`
   */
  readonly instances?: number | 'max' | (string & {}) | undefined;
  /**
   * Accepted for PM2's files and without effect.
   *
   * Every app runs as a cluster of workers, with one worker unless `instances` says otherwise; that serves what `fork` is used for.
   * @default `cluster`
   */
  readonly exec_mode?: 'cluster' | 'cluster_mode' | 'fork' | 'fork_mode' | undefined;
  /**
   * Environment variables of the workers.
   *
   * Added to the environment `lb start` was called in. Values that are objects are handed over as JSON; `null` takes an inherited variable away. A string is read as the text of a dotenv file. `env_<name>` adds to it when chosen with `--env <name>`.
   * @default `{}`
   */
  readonly env?: Env | string | undefined;
  /**
   * Dotenv file with more environment variables.
   *
   * It wins over the inherited environment; `env` and `env_<name>` win over it. It is read when the app is started or reloaded with its config file.
   * @default none
   */
  readonly env_file?: string | undefined;
  /**
   * Sets the environment variable `PORT`.
   *
   * It wins over every other source of `PORT`. It does not make an app listen that ignores the variable.
   * @default none
   */
  readonly port?: number | undefined;
  /**
   * Environment variable that carries the worker's slot number, from 0.
   * @default `"NODE_APP_INSTANCE"`
   */
  readonly instance_var?: string | undefined;
  /**
   * Arguments for Node.js itself, such as `--max-old-space-size=512`.
   * @default `[]`
   */
  readonly node_args?: string | readonly (string | number)[] | undefined;
  /**
   * Another Node.js binary (20.19 or newer) for this app.
   *
   * A path relative to `cwd`, or a name that is looked up on `PATH`; `node` means the one that runs `lb`. Other languages are refused.
   * @default the Node.js that runs `lb`
   */
  readonly interpreter?: string | undefined;
  /**
   * A worker is ready only when it calls `process.send('ready')`.
   *
   * Without it a worker is ready when it listens, or, if it never listens, when it has survived `min_uptime`.
   * @default `false`
   */
  readonly wait_ready?: boolean | undefined;
  /**
   * Time a worker has to become ready.
   *
   * A worker that is not ready by then has failed: the start or reload fails and the old workers stay.
   * @default `30s`
   */
  readonly listen_timeout?: number | string | undefined;
  /**
   * Time a worker has to finish its requests and exit before SIGKILL.
   *
   * It bounds the whole way out: drain, stop signal and the time the app takes to exit. 0 kills at once and loses requests in flight.
   * @default `30s`
   */
  readonly kill_timeout?: number | string | undefined;
  /**
   * Tell a worker to stop with the message `shutdown` instead of a signal.
   *
   * The app gets it with `process.on('message')`, after its HTTP connections are drained.
   * @default `false`
   */
  readonly shutdown_with_message?: boolean | undefined;
  /**
   * Restart a worker that ends by itself.
   * @default `true`
   */
  readonly autorestart?: boolean | undefined;
  /**
   * Exit codes after which a worker is not restarted, such as `0,143`.
   * @default `[]`
   */
  readonly stop_exit_codes?: number | string | readonly (number | string)[] | undefined;
  /**
   * A worker that ends sooner counts as unstable.
   *
   * See `max_restarts`. An app that never listens is ready after this time.
   * @default `1s`
   */
  readonly min_uptime?: number | string | undefined;
  /**
   * Unstable restarts in a row before a worker is given up.
   *
   * The other workers go on serving.
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
   * The first restart is immediate; then the delay doubles up to 30 s and is reset after 30 s of stable work. PM2 has no backoff by default.
   * @default `100ms`
   */
  readonly exp_backoff_restart_delay?: number | string | undefined;
  /**
   * Replace a worker whose resident memory is above this size.
   *
   * The new worker is ready before the old one drains, one worker of the app at a time. Memory is sampled every second.
   * @default `off`
   */
  readonly max_memory_restart?: number | string | false | undefined;
  /**
   * Kill a worker at once whose resident memory is above this size.
   *
   * The hard limit above `max_memory_restart`, for a worker that leaks faster than it can be replaced; its requests in flight are lost.
   * @default `off`
   */
  readonly max_memory_kill?: number | string | false | undefined;
  /**
   * Replace a worker after so many requests.
   *
   * The new worker is ready before the old one drains, one worker of the app at a time. See `recycle_jitter`.
   * @default `off`
   */
  readonly max_requests?: number | false | undefined;
  /**
   * Replace a worker after this time.
   *
   * As `max_requests`.
   * @default `off`
   */
  readonly max_lifetime?: number | string | false | undefined;
  /**
   * Share by which `max_requests` and `max_lifetime` are spread over the slots, so that no two workers reach them together.
   * @default `0.1`
   */
  readonly recycle_jitter?: number | undefined;
  /**
   * Time between turning not ready and draining when the app is stopped.
   *
   * For a balancer in front that asks `health_port`: `/ready` answers 503 at once, and the app goes on serving for so long. A second stop, or `--now`, skips it.
   * @default `0ms`
   */
  readonly drain_delay?: number | string | undefined;
  /**
   * Let the load decide how many workers there are, such as `{ min: 2, max: 8, target: { elu: 0.6 } }`.
   *
   * `instances` is the number at the start. `target` has exactly one measure. With `elu` and `cpu` never more workers than CPUs this machine or container grants, unless `min` asks for it. `lb scale <app> <n>` turns it off, `lb scale <app> auto` on. See docs/autoscaling.md.
   * @default `off`
   */
  readonly scale?: boolean | { readonly min?: number | undefined; readonly max?: number | 'max' | (string & {}) | undefined; readonly target?: { readonly elu: number } | { readonly cpu: number } | { readonly p95_ms: number } | { readonly rps_per_worker: number } | undefined; readonly up_cooldown?: number | string | undefined; readonly down_cooldown?: number | string | undefined } | undefined;
  /**
   * How a worker is chosen for a connection: round-robin, least-connections, ip-hash, random, direct.
   *
   * See docs/balancing.md. `lb balance <app> <strategy>` changes it without a restart; to and from `direct` it takes `lb restart`.
   * @default `"round-robin"`
   */
  readonly balance?: 'round-robin' | 'least-connections' | 'ip-hash' | 'random' | 'direct' | undefined;
  /**
   * Share of each slot, in the order of the slots, such as `[2, 1, 1]`; slots that are not named have 1.
   *
   * 0 gives the slot no new connections. `lb weight <app> <slot>=<w>` changes it without a restart. With `direct` only 0 and 1.
   * @default `[]`
   */
  readonly weights?: string | readonly (number | string)[] | undefined;
  /**
   * Slots that get connections only while no other can take any, such as `[3]`.
   * @default `[]`
   */
  readonly backup?: number | string | readonly (number | string)[] | undefined;
  /**
   * Open connections that a worker may have.
   *
   * When every worker has as many, new connections wait in the primary (`max_queue`). Not with `direct`.
   * @default `off`
   */
  readonly max_conns?: number | false | undefined;
  /**
   * Connections of one listener that wait in the primary for a worker.
   *
   * Beyond it nothing is refused: the primary stops accepting, and connections wait in the backlog of the kernel until half of those that wait are served. The queue of a Unix socket is not bounded.
   * @default `8192`
   */
  readonly max_queue?: number | undefined;
  /**
   * Time in which the share of a replaced or readmitted worker grows from a tenth to its weight.
   *
   * Never at the first start of the app. Without effect under `ip-hash`, where it would move clients twice. Not with `direct`.
   * @default `0ms`
   */
  readonly slow_start?: number | string | undefined;
  /**
   * Bits of an IPv4 address that `ip-hash` looks at.
   *
   * 24 keeps clients together that leave a company through changing addresses.
   * @default `32`
   */
  readonly ip_hash_prefix_v4?: number | undefined;
  /**
   * Bits of an IPv6 address that `ip-hash` looks at.
   *
   * The last 64 bits of most clients change by themselves within hours (RFC 8981).
   * @default `64`
   */
  readonly ip_hash_prefix_v6?: number | undefined;
  /**
   * Expect the PROXY protocol, version 1 or 2, at the beginning of each connection.
   *
   * `true` for every port of the app, a number or an array for these ports. The app sees the address of the client, and `ip-hash` uses it. A connection without a valid header is closed within 5 s and counted. Not with `direct`.
   * @default `false`
   */
  readonly proxy_protocol?: boolean | number | readonly number[] | undefined;
  /**
   * Addresses and CIDR blocks that may connect to a port with `proxy_protocol`, such as `10.0.0.0/8`.
   *
   * Everybody else could name any address as the client: other connections are closed at once and counted.
   * @default everybody
   */
  readonly proxy_protocol_from?: string | readonly string[] | undefined;
  /**
   * Check each worker on its own, over HTTP(S) or by a plain connect.
   *
   * A new worker is ready only after its first success. Checks reach the worker on the same way as its connections. See docs/health.md.
   * @default `off`
   */
  readonly health?: boolean | string | { readonly path?: string | undefined; readonly port?: number | undefined; readonly interval?: number | string | undefined; readonly timeout?: number | string | undefined; readonly fall?: number | undefined; readonly rise?: number | undefined; readonly expect?: number | string | readonly (number | string)[] | undefined; readonly replace_after?: number | string | false | undefined } | undefined;
  /**
   * Take workers out of the rotation for a while that do not take connections, are blocked, or answer 5xx far more often than their peers.
   *
   * A sole worker is never ejected.
   * @default `true`
   */
  readonly ejection?: boolean | { readonly take_timeout?: number | string | undefined; readonly loop_delay?: number | string | undefined; readonly error_rate?: number | undefined; readonly base?: number | string | undefined; readonly max_share?: number | undefined } | undefined;
  /**
   * A worker without a heartbeat for so long is hung: its stack is reported, it is replaced and killed.
   *
   * At least 3 s; `false` or 0 turns it off. Off as well while an inspector is attached to the worker.
   * @default `30s`
   */
  readonly hang_timeout?: number | string | false | undefined;
  /**
   * Port on which the primary answers `/live` and `/ready` for a balancer in front.
   *
   * `/ready` is 503 below `ready_min` and while the app is being stopped. A port alone listens on every address.
   * @default `off`
   */
  readonly health_port?: number | string | undefined;
  /**
   * Ready workers below which the app is not ready, for `health_port` and `lb health`.
   * @default `1`
   */
  readonly ready_min?: number | undefined;
  /**
   * Put what the app's workers keep in `prom-client` among the metrics.
   *
   * Merged over the workers. Each scrape then asks them, and waits for one that is blocked 1 s at most. See docs/metrics.md.
   * @default `false`
   */
  readonly prom_client?: boolean | undefined;
  /**
   * File of the workers' stdout.
   *
   * Relative to `cwd`. `"NULL"`, `/dev/null`, `null` or `false` writes no file; `lb logs` still shows the last lines.
   * @default `$LB_HOME/logs/<name>-out.log`
   */
  readonly out_file?: string | null | false | undefined;
  /**
   * File of the workers' stderr.
   *
   * As `out_file`.
   * @default `$LB_HOME/logs/<name>-error.log`
   */
  readonly error_file?: string | null | false | undefined;
  /**
   * All workers write to the same two files.
   *
   * With `false` each worker has its own: `api-out.log` becomes `api-out-0.log`, `api-out-1.log`, …, which is what PM2 does by default.
   * @default `true`
   */
  readonly merge_logs?: boolean | undefined;
  /**
   * A log file is rotated when it reaches this size.
   * @default `10M`
   */
  readonly log_max_size?: number | string | undefined;
  /**
   * Rotated files kept beside the current one.
   *
   * All but the newest are compressed with gzip.
   * @default `5`
   */
  readonly log_keep?: number | undefined;
  /**
   * Call a command or a URL of yours for events of this app, such as `{ url: "https://hooks.example/lb" }`.
   *
   * Needs `run` or `url`; with both, both are called. Each event is tried three times, 10 s each. A hook that fails or hangs disturbs nothing; see docs/events.md.
   * @default `off`
   */
  readonly on_event?: false | { readonly run?: string | readonly string[] | undefined; readonly url?: string | undefined; readonly kinds?: readonly ('start' | 'ready' | 'not-ready' | 'drain' | 'exit' | 'fork-failed' | 'errored' | 'eject' | 'readmit' | 'self-report' | 'hung' | 'recycle' | 'operation-begin' | 'operation' | 'rollback' | 'scale' | 'rebalance' | 'ended' | 'memory-pressure' | 'log' | 'health-port' | 'metrics-port' | 'profile' | 'profile-failed' | 'primary-lost' | 'primary-adopted' | 'daemon-start' | 'daemon-end' | 'hook-failed')[] | undefined; readonly severity?: 'info' | 'warn' | 'error' | undefined } | undefined;
}
