/**
 * Runs inside the machine of `systemd.mjs`, one scenario each: what happens to a service, with clients at work. Prints one line of
 * JSON: requests, failures by kind, and what else was found.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const UNIT = 'lb-deploy';

const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();
const asRoot = (...args) => run('env', 'HOME=/root', '/usr/bin/node', ...args);
const pm2 = (...args) => asRoot('/usr/lib/node_modules/pm2/bin/pm2', ...args);
const LB = '/opt/lb/bin/lb.js';
const ROOTS_UNIT = 'lb-root';
const APPS_UNIT = 'lb-run-api';
/** Of the user who has uid 1000. */
const RUNTIME = '/run/user/1000';
const asDeploy = (...args) => run('runuser', '-u', 'deploy', '--', 'env', 'HOME=/home/deploy', `XDG_RUNTIME_DIR=${RUNTIME}`, ...args);
const ofUsers = (...args) => asDeploy('systemctl', '--user', ...args);
const statesOf = (list) => JSON.parse(list).map(({ name, ready }) => `${name} ${ready}`);
const appsOfService = () => statesOf(asDeploy('env', `LB_HOME=/var/lib/${APPS_UNIT}`, '/usr/bin/node', LB, 'list', '--json'));
const rootsApps = () => statesOf(asRoot(LB, 'list', '--json'));
const systemctl = (...args) => run('systemctl', ...args);
const lb = (...args) => asDeploy('/usr/bin/node', LB, ...args);
const property = (name, unit = UNIT) => systemctl('show', '--value', '-p', name, unit);
const mainPid = () => Number(property('MainPID'));
const apps = () => JSON.parse(lb('list', '--json'));
const now = () => performance.now();

async function until(what, condition, withinMs = 30_000) {
  const deadline = now() + withinMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(50);
  }
}
const activeAgain = () => until('the unit is active', () => property('ActiveState') === 'active');
const allReady = () => until('both apps are ready', () => apps().length === 2 && apps().every((app) => app.ready === 2));

/** In a thread of its own, since this one waits for commands. Ends with the function returned: what was asked, and what failed, by kind. */
function load() {
  const clients = new Worker(new URL('load.mjs', import.meta.url));
  const isAtWork = once(clients, 'message');
  return async () => {
    await isAtWork;
    clients.postMessage('end');
    const [counted] = await once(clients, 'message');
    return counted;
  };
}

/** Clients ask while the work is done, and a moment before and after it. */
async function underLoad(work) {
  const end = load();
  await sleep(1_000);
  const facts = await work();
  await sleep(1_000);
  return { ...(await end()), ...facts };
}

const namesOf = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [
          {
            pid: Number(pid),
            command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
            cgroup: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
          },
        ];
      } catch {
        return [];
      }
    });
const ofUnit = () => namesOf().filter(({ cgroup }) => cgroup.includes(`/${UNIT}.service`));

const SCENARIOS = {
  /** The first one: apps that run under a daemon that `lb` started are taken over. */
  async install() {
    lb('start', '/srv/app/lb.config.js');
    return underLoad(async () => {
      asRoot(LB, 'startup', '-u', 'deploy', '--yes');
      await activeAgain();
      return { active: property('ActiveState'), enabled: systemctl('is-enabled', UNIT), type: property('Type') };
    });
  },
  /** After a boot, which is a new start of the container. */
  async boot() {
    await until('the machine has booted', () => ['running', 'degraded'].includes(runs('systemctl', 'is-system-running')));
    await activeAgain();
    return { ...(await underLoad(() => {})), states: apps().map(({ name, ready }) => `${name} ${ready}`), restarts: property('NRestarts') };
  },
  async reload() {
    return underLoad(async () => {
      const before = mainPid();
      rmSync('/opt/lb/dist', { recursive: true });
      cpSync('/opt/lb-next', '/opt/lb', { recursive: true });
      systemctl('reload', UNIT);
      await until('the new daemon is the main process', () => mainPid() !== before && property('ActiveState') === 'active');
      return { restarts: property('NRestarts'), version: lb('--version') };
    });
  },
  /** Right after an upgrade the main process is no child of systemd. */
  async stop() {
    const end = load();
    await sleep(1_000);
    const refusedBefore = now();
    systemctl('stop', UNIT);
    const took = Math.round(now() - refusedBefore);
    // The daemon before, which watches an upgrade for a while, sees within half a second that there is nothing left to watch.
    await until('nothing of the unit is left', () => ofUnit().length === 0, 3_000);
    const counted = await end();
    const state = property('ActiveState');
    systemctl('start', UNIT);
    await allReady();
    return { ...counted, took, state };
  },
  async restart() {
    return underLoad(async () => {
      systemctl('restart', UNIT);
      await allReady();
      return { state: property('ActiveState') };
    });
  },
  async killDaemon() {
    return underLoad(async () => {
      const before = mainPid();
      process.kill(before, 'SIGKILL');
      const since = now();
      await until('another main process', () => ![0, before].includes(mainPid()));
      await activeAgain();
      const took = Math.round(now() - since);
      await allReady();
      return { took, state: property('ActiveState'), result: property('Result') };
    });
  },
  /** The kernel kills one worker, when the machine has no memory left. */
  async outOfMemory() {
    const restarts = () => Object.fromEntries(apps().map((app) => [app.name, app.restarts]));
    const before = restarts();
    return underLoad(async () => {
      const main = mainPid();
      await new Promise((resolve) => get({ host: '127.0.0.1', port: 3001, path: '/eat', timeout: 30_000 }, resolve).on('error', resolve));
      await allReady();
      const after = restarts();
      return {
        died: after.eater - before.eater,
        others: after.api - before.api,
        sameDaemon: main === mainPid(),
        state: property('ActiveState'),
        result: property('Result'),
      };
    });
  },
  async killAll() {
    return underLoad(async () => {
      for (const { pid } of ofUnit()) process.kill(pid, 'SIGKILL');
      await activeAgain();
      await allReady();
      return { state: property('ActiveState'), result: property('Result') };
    });
  },
  async journal() {
    const lines = () => run('journalctl', '-t', 'api', '-o', 'cat', '--no-pager', '-n', '50');
    await until('the output of the app is in the journal', () => lines().includes('api listens'));
    return { requests: 1, failed: {}, unit: run('journalctl', '-u', UNIT, '-o', 'cat', '--no-pager', '-n', '5').split('\n') };
  },
  async unstartup() {
    return underLoad(async () => {
      asRoot(LB, 'unstartup', '-u', 'deploy', '--yes');
      return { file: runs('ls', `/etc/systemd/system/${UNIT}.service`) };
    });
  },
  /** A machine of PM2, with the service of its `startup`. */
  async migrate() {
    lb('kill');
    pm2('start', '/srv/app/ecosystem.config.cjs');
    pm2('save');
    pm2('startup', 'systemd', '-u', 'root', '--hp', '/root');
    const before = runs('systemctl', 'is-enabled', 'pm2-root');
    return underLoad(async () => {
      const said = asRoot(LB, 'migrate', 'pm2', '--yes', '--trust-local-users');
      const state = property('ActiveState', ROOTS_UNIT);
      return { before, pm2: runs('systemctl', 'is-enabled', 'pm2-root'), lb: runs('systemctl', 'is-enabled', ROOTS_UNIT), state, apps: rootsApps(), said };
    });
  },
  async bootMigrated() {
    await until('the machine has booted', () => ['running', 'degraded'].includes(runs('systemctl', 'is-system-running')));
    await until('the unit is active', () => property('ActiveState', ROOTS_UNIT) === 'active');
    const found = await underLoad(() => {});
    return { ...found, pm2: namesOf().some(({ command }) => command.includes('PM2')), state: property('ActiveState', ROOTS_UNIT), apps: rootsApps() };
  },
  /** With fewer rights. */
  async hardened() {
    asRoot(LB, 'unstartup', '--yes');
    asRoot(LB, 'kill');
    lb('start', '/srv/app/lb.config.js');
    return underLoad(async () => {
      asRoot(LB, 'startup', '-u', 'deploy', '--harden', '--yes');
      await activeAgain();
      systemctl('reload', UNIT);
      await activeAgain();
      await allReady();
      return { state: property('ActiveState'), result: property('Result'), noNewPrivileges: property('NoNewPrivileges') };
    });
  },
  /** A service of the user's own systemd. */
  async ofUser() {
    asRoot(LB, 'unstartup', '-u', 'deploy', '--yes');
    // The daemon of the one service would not make way for that of the other.
    lb('kill');
    lb('start', '/srv/app/lb.config.js');
    run('loginctl', 'enable-linger', 'deploy');
    await until("the user's systemd runs", () => runs('ls', `${RUNTIME}/bus`) !== '');
    return underLoad(async () => {
      lb('startup', '--user', '--yes');
      const state = ofUsers('show', '--value', '-p', 'ActiveState', 'lb');
      ofUsers('reload', 'lb');
      await allReady();
      const afterReload = ofUsers('show', '--value', '-p', 'ActiveState', 'lb');
      const before = ofUsers('show', '--value', '-p', 'MainPID', 'lb');
      process.kill(Number(before), 'SIGKILL');
      await until('another main process', () => !['0', before].includes(ofUsers('show', '--value', '-p', 'MainPID', 'lb')));
      await until('the unit is active', () => ofUsers('show', '--value', '-p', 'ActiveState', 'lb') === 'active');
      await allReady();
      return { state, afterReload, afterKill: ofUsers('show', '--value', '-p', 'ActiveState', 'lb') };
    });
  },
  /** A service for the apps of one file. */
  async ofApp() {
    lb('unstartup', '--user', '--yes');
    lb('kill');
    asRoot(LB, 'startup', '--app', '/srv/app/lb.config.js', '--only', 'api', '-u', 'deploy', '--yes');
    await until('the unit is active', () => property('ActiveState', APPS_UNIT) === 'active');
    return underLoad(async () => {
      systemctl('reload', APPS_UNIT);
      await until('the unit is active', () => property('ActiveState', APPS_UNIT) === 'active');
      return { type: property('Type', APPS_UNIT), state: property('ActiveState', APPS_UNIT), apps: appsOfService() };
    });
  },
  /** Its apps end with it, and are started again. */
  async killAppService() {
    return underLoad(async () => {
      const before = property('MainPID', APPS_UNIT);
      process.kill(Number(before), 'SIGKILL');
      await until('another main process', () => !['0', before].includes(property('MainPID', APPS_UNIT)));
      await until('the unit is active', () => property('ActiveState', APPS_UNIT) === 'active');
      return { state: property('ActiveState', APPS_UNIT), apps: appsOfService() };
    });
  },
};

function runs(program, ...args) {
  try {
    return run(program, ...args);
  } catch (error) {
    return String(error.stdout ?? '').trim();
  }
}

const scenario = process.argv[2];
SCENARIOS[scenario]().then(
  (found) => process.stdout.write(`${JSON.stringify({ scenario, ...found })}\n`),
  (error) => {
    process.stdout.write(
      `${JSON.stringify({ scenario, error: `${error.stack}${error.stderr ?? ''}`, journal: runs('journalctl', '--no-pager', '-n', '40') })}\n`,
    );
    process.exitCode = 1;
  },
);
