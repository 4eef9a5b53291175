/**
 * The service of `lb startup` under a real systemd: Debian's, in a container of Docker that has its own /tmp, /run, /dev and network,
 * and nothing of this machine. Docker runs in namespaces of its own and is gone afterwards. Needs root, and Debian's docker.io and
 * debootstrap. Usage: node test/engines/systemd.mjs [scenario…]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyLb, docker, inNamespaces, requireTools, ROOT, run, SOCKET, startDocker, stopDocker } from './docker.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Kept for the next run. */
const DEBIAN = join(tmpdir(), 'lb-engines-debian');
const PACKAGES = 'systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,libstdc++6';
/** Of the machine; its apps take a third. */
const MEMORY = '1200m';
/** Where `test/pm2.mjs` puts it; the machine has it as `npm install -g` leaves it. */
const PM2 = join(tmpdir(), 'lb-test-pm2/node_modules');
const NEXT_VERSION = '99.0.0';

/** What may fail in each, and what else must hold; in this order, each on the machine that the one before left. */
const SCENARIOS = {
  install: { failed: [], facts: { active: 'active', enabled: 'enabled', type: 'notify' } },
  boot: { failed: [], facts: { states: ['api 2', 'eater 2'], restarts: '0' } },
  reload: { failed: [], facts: { restarts: '0', version: NEXT_VERSION } },
  // Requests in progress end; then nobody listens.
  stop: { failed: ['ECONNREFUSED'], facts: { state: 'inactive' } },
  restart: { failed: ['ECONNREFUSED'], facts: { state: 'active' } },
  killDaemon: { failed: [], facts: { state: 'active', result: 'success' } },
  outOfMemory: { failed: [], facts: { died: 1, others: 0, sameDaemon: true, state: 'active', result: 'success' } },
  killAll: { failed: ['ECONNREFUSED', 'ECONNRESET'], facts: { state: 'active' } },
  journal: { failed: [], facts: {} },
  unstartup: { failed: [], facts: { file: '' } },
  migrate: { failed: [], facts: { before: 'enabled', pm2: 'disabled', lb: 'enabled', state: 'active', apps: ['api 2'] } },
  bootMigrated: { failed: [], facts: { pm2: false, state: 'active', apps: ['api 2'] } },
  hardened: { failed: [], facts: { state: 'active', result: 'success', noNewPrivileges: 'yes' } },
  ofUser: { failed: [], facts: { state: 'active', afterReload: 'active', afterKill: 'active' } },
  ofApp: { failed: [], facts: { type: 'notify', state: 'active', apps: ['api 2'] } },
  killAppService: { failed: ['ECONNREFUSED', 'ECONNRESET'], facts: { state: 'active', apps: ['api 2'] } },
};
/** The machine is started anew before these. */
const AFTER_BOOT = ['boot', 'bootMigrated'];

function makeDebian() {
  if (existsSync(join(DEBIAN, 'lib/systemd/systemd')) && existsSync(join(DEBIAN, 'usr/share/doc/libpam-systemd'))) return;
  rmSync(DEBIAN, { recursive: true, force: true });
  run('unshare', ['-m', '-p', '--fork', '--mount-proc', 'debootstrap', '--variant=minbase', `--include=${PACKAGES}`, 'bookworm', DEBIAN]);
}

/** What is laid over Debian: Node.js, this lb and the next one, an app and the scenarios. */
function makeLayer(layer) {
  const at = (path) => join(layer, path);
  for (const directory of ['usr/bin', 'opt', 'srv/app', 'home/deploy']) mkdirSync(at(directory), { recursive: true });
  cpSync(process.execPath, at('usr/bin/node'));
  run(process.execPath, [join(ROOT, 'test/pm2.mjs')]);
  cpSync(PM2, at('usr/lib/node_modules'), { recursive: true });
  copyLb(at('opt/lb'));
  cpSync(at('opt/lb'), at('opt/lb-next'), { recursive: true });
  run(process.execPath, ['.build.mjs', `--out=${at('opt/lb-next/dist')}`, `--version=${NEXT_VERSION}`], { cwd: ROOT });
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(at('opt/lb-next/package.json'), JSON.stringify({ ...manifest, version: NEXT_VERSION }));
  for (const file of ['server.cjs', 'lb.config.js', 'ecosystem.config.cjs']) cpSync(join(HERE, 'app', file), at(`srv/app/${file}`));
  for (const file of ['scenarios.mjs', 'load.mjs']) cpSync(join(HERE, file), at(`opt/${file}`));
  // The cgroups of a container are read-only, and systemd makes some.
  writeFileSync(at('opt/init'), '#!/bin/sh\nfor each in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,rw "$each" 2>/dev/null; done\nexec /sbin/init\n', {
    mode: 0o755,
  });
}

function makeImage(layer) {
  const base = ['--owner=0', '--group=0', '-c'];
  const deploy = 'deploy:x:1000:1000::/home/deploy:/bin/sh';
  writeFileSync(
    join(layer, 'opt/prepare'),
    `#!/bin/sh\nset -e\necho '${deploy}' >> /etc/passwd\necho 'deploy:x:1000:' >> /etc/group\necho 'deploy:*:20000:0:99999:7:::' >> /etc/shadow\nchown -R 1000:1000 /home/deploy /srv/app\n`,
    { mode: 0o755 },
  );
  run('sh', ['-c', `{ tar -C "${DEBIAN}" ${base.join(' ')} . ; } | docker -H ${SOCKET} import - lb-debian`]);
  run('sh', [
    '-c',
    `docker -H ${SOCKET} create --name layer lb-debian /opt/prepare && tar -C "${layer}" ${base.join(' ')} . | docker -H ${SOCKET} cp - layer:/`,
  ]);
  docker('start', '-a', 'layer');
  docker('commit', '-c', 'CMD ["/opt/init"]', 'layer', 'lb-systemd');
}

function startMachine() {
  const tmpfs = ['/tmp', '/var/tmp', '/run', '/run/lock'].flatMap((path) => ['--tmpfs', `${path}:exec`]);
  const rights = ['--cap-add=SYS_ADMIN', '--security-opt=seccomp=unconfined', '--security-opt=apparmor=unconfined'];
  const memory = [`--memory=${MEMORY}`, `--memory-swap=${MEMORY}`];
  docker(
    'run',
    '-d',
    ...memory,
    '--name',
    'machine',
    '--hostname',
    'machine',
    '--network',
    'none',
    '--cgroupns=private',
    '--stop-signal=SIGRTMIN+3',
    '-e',
    'container=docker',
    ...rights,
    ...tmpfs,
    'lb-systemd',
  );
}

async function booted() {
  const state = () => spawnSync('docker', ['-H', SOCKET, 'exec', 'machine', 'systemctl', 'is-system-running'], { encoding: 'utf8' }).stdout.trim();
  for (let tries = 0; !['running', 'degraded'].includes(state()); tries++) {
    if (tries > 150)
      throw new Error(`systemd did not start: ${state()}\n${spawnSync('docker', ['-H', SOCKET, 'logs', 'machine'], { encoding: 'utf8' }).stdout}`);
    await sleep(200);
  }
}

function play(name) {
  const { stdout, stderr } = spawnSync('docker', ['-H', SOCKET, 'exec', 'machine', '/usr/bin/node', '/opt/scenarios.mjs', name], {
    encoding: 'utf8',
    timeout: 180_000,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    return { error: `${stdout}${stderr}` };
  }
}

/** @returns what is wrong */
function problemsOf(found, { failed, facts }) {
  if (found.error !== undefined) return [found.error];
  const unexpected = Object.keys(found.failed).filter((kind) => !failed.includes(kind));
  const differing = Object.entries(facts).filter(([key, value]) => JSON.stringify(found[key]) !== JSON.stringify(value));
  return [
    ...(found.requests > 0 ? [] : ['no request was made']),
    ...unexpected.map((kind) => `${found.failed[kind]} requests failed with ${kind}`),
    ...differing.map(([key, value]) => `${key}: expected ${JSON.stringify(value)}, got ${JSON.stringify(found[key])}`),
  ];
}

async function inside() {
  const layer = mkdtempSync(join(tmpdir(), 'lb-engines-layer-'));
  const asked = process.argv.slice(3);
  let dockerd;
  try {
    makeLayer(layer);
    dockerd = await startDocker();
    makeImage(layer);
    startMachine();
    await booted();
    for (const [name, expected] of Object.entries(SCENARIOS)) {
      if (asked.length > 0 && name !== 'install' && !asked.includes(name)) continue;
      if (AFTER_BOOT.includes(name)) {
        docker('restart', '-t', '60', 'machine');
        await booted();
      }
      const found = play(name);
      const problems = problemsOf(found, expected);
      console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} ${JSON.stringify(found)}`);
      for (const problem of problems) console.log(`       ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    }
    if (process.env.LB_ENGINES_KEEP) await sleep(600_000);
  } finally {
    if (dockerd !== undefined) await stopDocker(dockerd, ['machine', 'layer']);
    rmSync(layer, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--inside') await inside();
else {
  requireTools({ dockerd: 'docker.io', docker: 'docker.io', debootstrap: 'debootstrap', unshare: 'util-linux' });
  makeDebian();
  inNamespaces(fileURLToPath(import.meta.url));
}
