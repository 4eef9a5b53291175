import type { Command } from './command.ts';
import { LIST_NAMES } from './listing.ts';

/** Name and summary of a command, for the help; `load` imports the rest when the command is called. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  /** A word of PM2 that its scripts need; left out of `lb --help`. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}

/** Every command of `lb`, in the order of `lb --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'start',
    aliases: [],
    summary: 'start a script, the apps of a config file, or a stopped app',
    load: async () => (await import('./commands/start.ts')).start,
  },
  { name: 'list', aliases: LIST_NAMES.slice(1), summary: 'show all apps', load: async () => (await import('./commands/list.ts')).list },
  {
    name: 'monit',
    aliases: ['monitor', 'top'],
    summary: 'watch everything live, full screen',
    load: async () => (await import('./commands/monit.ts')).monit,
  },
  {
    name: 'show',
    aliases: ['describe', 'info', 'desc'],
    summary: 'show everything about one app',
    load: async () => (await import('./commands/show.ts')).show,
  },
  {
    name: 'reload',
    aliases: ['gracefulReload'],
    summary: 'replace the workers one by one, while the app serves',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  {
    name: 'apply',
    aliases: [],
    summary: 'make what runs match a config file',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  {
    name: 'check',
    aliases: [],
    summary: 'check a config file without starting anything',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'restart',
    aliases: ['startOrRestart'],
    summary: 'stop, then start again; connections wait in between',
    load: async () => (await import('./commands/restart.ts')).restart,
  },
  { name: 'scale', aliases: [], summary: 'change the number of workers', load: async () => (await import('./commands/scale.ts')).scale },
  {
    name: 'balance',
    aliases: [],
    summary: 'change the balancing strategy of an app',
    load: async () => (await import('./commands/balance.ts')).balance,
  },
  { name: 'weight', aliases: [], summary: 'change the weights of slots', load: async () => (await import('./commands/weight.ts')).weight },
  {
    name: 'health',
    aliases: [],
    summary: 'report whether an app is healthy, and why not',
    load: async () => (await import('./commands/health.ts')).health,
  },
  {
    name: 'metrics',
    aliases: [],
    summary: 'print the metrics for Prometheus, or serve them',
    load: async () => (await import('./commands/metrics.ts')).metrics,
  },
  { name: 'stop', aliases: [], summary: 'drain and stop apps; their definitions stay', load: async () => (await import('./commands/stop.ts')).stop },
  {
    name: 'delete',
    aliases: ['del'],
    summary: 'drain and stop apps, and remove their definitions',
    load: async () => (await import('./commands/delete.ts')).remove,
  },
  { name: 'logs', aliases: ['log'], summary: 'show and follow what the workers write', load: async () => (await import('./commands/logs.ts')).logs },
  {
    name: 'flush',
    aliases: [],
    summary: 'empty the log files',
    load: async () => (await import('./commands/flush.ts')).flush,
  },
  {
    name: 'reset',
    aliases: [],
    summary: 'set the counters of restarts to 0',
    load: async () => (await import('./commands/reset.ts')).reset,
  },
  {
    name: 'env',
    aliases: [],
    summary: 'print the environment of an app',
    load: async () => (await import('./commands/env.ts')).env,
  },
  { name: 'events', aliases: [], summary: 'show and follow what happened, and why', load: async () => (await import('./commands/events.ts')).events },
  {
    name: 'dashboard',
    aliases: [],
    summary: 'serve a web page with apps, charts and logs',
    load: async () => (await import('./commands/dashboard.ts')).dashboard,
  },
  {
    name: 'profile',
    aliases: [],
    summary: 'take a CPU profile, heap snapshot or heap profile of a worker',
    load: async () => (await import('./commands/profile.ts')).profile,
  },
  { name: 'report', aliases: [], summary: "write Node's diagnostic report of a worker", load: async () => (await import('./commands/report.ts')).report },
  {
    name: 'signal',
    aliases: ['sendSignal'],
    summary: 'send a signal to the workers of an app',
    load: async () => (await import('./commands/signal.ts')).signal,
  },
  {
    name: 'share',
    aliases: [],
    summary: 'let a group of users use this daemon',
    load: async () => (await import('./commands/share.ts')).share,
  },
  {
    name: 'migrate',
    aliases: [],
    summary: 'move the apps of PM2 to lb without losing a request',
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'init',
    aliases: ['ecosystem'],
    summary: 'write a commented lb.config.js',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'export',
    aliases: [],
    summary: 'write what HAProxy, nginx, Docker, Swarm or Kubernetes need',
    load: async () => (await import('./commands/export.ts')).exporting,
  },
  {
    name: 'startup',
    aliases: [],
    summary: 'make a service of systemd, so that apps start at boot',
    load: async () => (await import('./commands/startup.ts')).startup,
  },
  {
    name: 'unstartup',
    aliases: [],
    summary: 'remove the service of lb startup',
    load: async () => (await import('./commands/unstartup.ts')).unstartup,
  },
  {
    name: 'completion',
    aliases: [],
    summary: 'print a completion script for a shell',
    load: async () => (await import('./commands/completion.ts')).completionOf(COMMANDS),
  },
  { name: 'run', aliases: [], summary: 'run apps in the foreground, for containers', load: async () => (await import('./commands/run.ts')).run },
  { name: 'ping', aliases: [], summary: 'check whether the daemon responds', load: async () => (await import('./commands/ping.ts')).ping },
  {
    name: 'upgrade',
    aliases: ['update', 'updatePM2'],
    summary: 'replace the daemon and all primaries by this version of lb',
    load: async () => (await import('./commands/upgrade.ts')).upgrade,
  },
  { name: 'kill', aliases: [], summary: 'drain and stop all apps, then end the daemon', load: async () => (await import('./commands/kill.ts')).kill },
  { name: 'daemon', aliases: [], summary: 'run the daemon in the foreground, for systemd', load: async () => (await import('./commands/daemon.ts')).daemon },
  {
    name: 'jlist',
    aliases: [],
    hidden: true,
    summary: 'print all slots as PM2 does, in JSON',
    load: async () => (await import('./commands/jlist.ts')).jlist,
  },
  {
    name: 'prettylist',
    aliases: [],
    hidden: true,
    summary: 'print all slots as PM2 does, in readable form',
    load: async () => (await import('./commands/prettylist.ts')).prettylist,
  },
  {
    name: 'pid',
    aliases: [],
    hidden: true,
    summary: 'print the pids of workers',
    load: async () => (await import('./commands/pid.ts')).pid,
  },
  {
    name: 'id',
    aliases: [],
    hidden: true,
    summary: 'print the ids of an app',
    load: async () => (await import('./commands/id.ts')).id,
  },
  {
    name: 'startOrReload',
    aliases: ['startOrGracefulReload'],
    hidden: true,
    summary: 'lb apply --reload',
    load: async () => (await import('./commands/apply.ts')).startOrReload,
  },
  {
    name: 'reloadLogs',
    aliases: [],
    hidden: true,
    summary: 'open the log files anew',
    load: async () => (await import('./commands/reload-logs.ts')).reloadLogs,
  },
  {
    name: 'save',
    aliases: ['dump'],
    hidden: true,
    summary: 'nothing to do: every change is saved',
    load: async () => (await import('./commands/save.ts')).save,
  },
  {
    name: 'resurrect',
    aliases: [],
    hidden: true,
    summary: 'bring back what ran last',
    load: async () => (await import('./commands/resurrect.ts')).resurrect,
  },
  {
    name: 'cleardump',
    aliases: [],
    hidden: true,
    summary: 'nothing to do: apps are saved as long as they are defined',
    load: async () => (await import('./commands/cleardump.ts')).cleardump,
  },
];

/** The command with this name or alias. */
export function commandNamed(word: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === word || entry.aliases.includes(word));
}
