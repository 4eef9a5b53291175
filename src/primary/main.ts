/** The program of a primary: started by the daemon. */
import { PRIMARY_SETTINGS_VAR, SETTINGS_VARS, type PrimarySettings } from '../protocol/attach.ts';
import { checked } from '../protocol/checked.ts';
import { parsePrimarySettings } from '../protocol/parse-settings.ts';
import { join } from 'node:path';
import { commandsFile, homePaths } from '../system/paths.ts';
import { KeptProgram } from '../system/kept-program.ts';
import { LastResort, outliveOutput } from '../system/last-resort.ts';
import { memoryLeftBytes } from '../system/memory-room.ts';
import { somaxconn } from '../system/kernel-queue.ts';
import { findProgram } from '../system/program.ts';
import { portHolder } from '../system/port-holder.ts';
import { findScript } from '../system/script-file.ts';
import { openByItself } from '../system/unfed-sockets.ts';
import { watchFiles } from '../system/watch-files.ts';
import { UsageSampler } from '../system/usage.ts';
import { becomeUser } from './become-user.ts';
import { DaemonLink, type LinkEvents } from './daemon-link.ts';
import { Duplicator } from './handles/duplicator.ts';
import { bindListener } from './ingress/bind-listener.ts';
import { Primary } from './primary.ts';
import { CommandRecord } from './workers/command-record.ts';
import { startable } from './workers/startable.ts';
import { workerStarter } from './workers/start-worker.ts';

/** `EX_SOFTWARE` of sysexits.h. */
const EXIT_SOFTWARE = 70;

const settings = process.env[PRIMARY_SETTINGS_VAR];
if (settings === undefined) {
  process.stderr.write('this program is started by the lb daemon\n');
  process.exit(2);
}
delete process.env[PRIMARY_SETTINGS_VAR];
const parsed = checked('settings from the daemon', parsePrimarySettings)(JSON.parse(settings));
if (parsed.user !== undefined) becomeUser(parsed.user);
process.title = `lb primary ${parsed.name}`;
// The daemon decides what ends a primary; a signal to the whole group must not.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
const missing = (message: string): void => primary.tell('program-copy', message);
const program = new KeptProgram({ program: findProgram(parsed.program), home: parsed.home, missing }, parsed.program);
const commands = new CommandRecord(join(homePaths(parsed.home).primaries, commandsFile(parsed.name, process.pid)), (problem) =>
  primary.tell('storage', problem),
);
const ports = {
  program,
  link: (own: PrimarySettings, events: LinkEvents) => new DaemonLink(own, events, program),
  duplicate: new Duplicator().duplicate,
  bind: bindListener,
  somaxconn,
  startWorker: workerStarter(() => program.path('preload'), commands),
  startable,
  watchFiles,
  usage: new UsageSampler(),
  portHolder: portHolder({ home: parsed.home, ...SETTINGS_VARS }),
  memoryLeftBytes,
  openByItself,
  findScript,
};
const primary: Primary = new Primary(parsed, ports, () => process.exit(0));
outliveOutput(() => {});
new LastResort({
  report: (message, stack) => {
    process.stderr.write(`${new Date().toISOString()} ${parsed.name}: bug: ${stack}\n`);
    primary.tell('bug', `error in the primary, which goes on: ${message}`);
  },
  // Its workers answer what they have, and the daemon has the sockets for the next one.
  giveUp: (why) => {
    process.stderr.write(`${new Date().toISOString()} ${parsed.name}: this primary gives up: ${why}\n`);
    if (primary.isReplaceable) process.exit(EXIT_SOFTWARE);
  },
}).install();
// As in PM2.
process.on('SIGUSR2', () => primary.reopenLogs());
primary.start();
