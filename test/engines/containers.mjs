/**
 * `lb run` in containers of a real Docker: every combination of user, read-only root, tmpfs and volume starts, is found by
 * `docker exec … lb list`, drains under load within the grace of `docker stop`, and ends with 0. Needs root, and Debian's docker.io.
 * Usage: node test/engines/containers.mjs
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { copyLb, docker, inNamespaces, requireTools, run, SOCKET, startDocker, stopDocker } from './docker.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const LB = ['/usr/bin/node', '/opt/lb/bin/lb.js'];
const VOLUME = '/run/lb-volume';
/** A user whom the image does not know, and the group that may write to the volume. */
const [STRANGER, GROUP] = [4_711, 4_712];
const GRACE_S = 10;

const both = (name) => (facts) => [true, false].map((value) => ({ ...facts, [name]: value }));
const COMBINATIONS = ['stranger', 'readOnly', 'tmpfs', 'volume'].reduce((all, name) => all.flatMap(both(name)), [{}]);

/** Node.js with its libraries, a shell, `lb` and two apps: nothing of a distribution. */
function makeImage(layer) {
  const at = (path) => join(layer, path);
  for (const path of ['usr/bin', 'opt', 'srv/app', 'tmp', 'data', 'etc', 'proc']) mkdirSync(at(path), { recursive: true });
  chmodSync(at('tmp'), 0o1777);
  symlinkSync('usr/bin', at('bin'));
  for (const [program, name] of [
    [process.execPath, 'node'],
    ['/bin/sh', 'sh'],
  ]) {
    cpSync(program, at(`usr/bin/${name}`), { dereference: true });
    for (const [, library] of run('ldd', [program]).matchAll(/(\/\S+) \(0x/g)) {
      mkdirSync(dirname(at(library)), { recursive: true });
      cpSync(library, at(library), { dereference: true });
    }
  }
  copyLb(at('opt/lb'));
  cpSync(join(HERE, 'app/server.cjs'), at('srv/app/server.cjs'));
  writeFileSync(at('srv/app/fails.cjs'), "setTimeout(() => process.exit(7), 100); console.error('no database');\n");
  run('sh', ['-c', `tar -C "${layer}" --owner=0 --group=0 -c . | docker -H ${SOCKET} import - lb-run`]);
}

function flagsOf({ stranger, readOnly, tmpfs, volume }) {
  return [
    ...(stranger ? ['--user', `${STRANGER}:${STRANGER}`, '--group-add', String(GROUP)] : []),
    ...(readOnly ? ['--read-only'] : []),
    ...(tmpfs ? ['--tmpfs', '/tmp'] : []),
    ...(volume ? ['-v', `${VOLUME}:/data`, '-e', 'LB_HOME=/data'] : []),
  ];
}

const start = (flags, ...words) => docker('run', '-d', '--name', 'box', '--network', 'host', '-e', 'PORT=3000', ...flags, 'lb-run', ...LB, 'run', ...words);
const exitCode = () => Number(docker('wait', 'box'));
const logs = () => {
  const { stdout, stderr } = spawnSync('docker', ['-H', SOCKET, 'logs', 'box'], { encoding: 'utf8' });
  return stdout + stderr;
};
const exec = (flags, ...words) => {
  const { stdout, stderr } = spawnSync('docker', ['-H', SOCKET, 'exec', ...flags, 'box', ...LB, ...words], { encoding: 'utf8' });
  return stdout + stderr;
};

const answers = () =>
  new Promise((resolve) => {
    get({ host: '127.0.0.1', port: 3000, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });

async function serves() {
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 200) return false;
    await sleep(50);
  }
  return true;
}

/** What is wrong with one combination. */
async function problemsOf(facts) {
  rmSync(VOLUME, { recursive: true, force: true });
  mkdirSync(VOLUME);
  chownSync(VOLUME, 0, GROUP);
  chmodSync(VOLUME, 0o2770);
  start(flagsOf(facts), '/srv/app/server.cjs', '-n', 'box', '-i', '2');
  if (!(await serves())) return [`does not serve: ${logs()}`];
  const problems = [];
  const expect = (is, problem) => void (is || problems.push(problem));
  for (const user of ['the same user', 'root']) {
    const listed = exec(user === 'root' ? ['-u', '0'] : [], 'list');
    expect(/box.*online/.test(listed), `lb list as ${user}: ${listed}`);
  }
  const clients = new Worker(new URL('load.mjs', import.meta.url));
  await once(clients, 'message');
  const began = performance.now();
  docker('stop', '-t', String(GRACE_S), 'box');
  const took = performance.now() - began;
  clients.postMessage('end');
  const [{ requests, failed }] = await once(clients, 'message');
  const code = exitCode();
  expect(code === 0, `ended with ${code}: ${logs()}`);
  expect(took < GRACE_S * 1_000, `the stop took ${Math.round(took)} ms`);
  expect(requests > 20, `only ${requests} requests`);
  // A client that connects in the very moment of the close may be reset; from then on it is refused.
  for (const [kind, count] of Object.entries(failed)) {
    expect(kind === 'ECONNREFUSED' || (kind === 'ECONNRESET' && count === 1), `${count} requests failed with ${kind}`);
  }
  const left = readdirSync(VOLUME, { recursive: true }).filter((name) => name.includes('.tmp'));
  expect(left.length === 0, `left behind: ${left.join(', ')}`);
  return problems;
}

const OTHERS = {
  'the code of an app that fails': () => {
    start([], '/srv/app/fails.cjs');
    const code = exitCode();
    return code === 7 && logs().includes('no database') ? [] : [`ended with ${code}: ${logs()}`];
  },
  '-i max is that of the limit': async () => {
    start(['--cpus', '1'], '/srv/app/server.cjs', '-n', 'box', '-i', 'max');
    await serves();
    const listed = exec([], 'list');
    return /box.*\b1\/1\b/.test(listed) ? [] : [listed];
  },
  'an init of the engine goes without the line that names it': async () => {
    start(['--init'], '/srv/app/server.cjs', '-n', 'box');
    await serves();
    docker('stop', '-t', String(GRACE_S), 'box');
    const code = exitCode();
    return code === 0 && !logs().includes('--init') ? [] : [`ended with ${code}: ${logs()}`];
  },
  'a kill_timeout that does not fit is a warning': async () => {
    start([], '/srv/app/server.cjs', '-n', 'box', '--kill-timeout', '60s');
    await serves();
    const warned = /kill_timeout \(60\.0 s\) does not fit into stop_grace/.test(logs());
    return warned ? [] : [`no warning: ${logs()}`];
  },
};

async function inside() {
  const layer = mkdtempSync(join(tmpdir(), 'lb-engines-layer-'));
  let dockerd;
  const report = (name, problems) => {
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}`);
    for (const problem of problems) console.log(`       ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    spawnSync('docker', ['-H', SOCKET, 'rm', '-f', 'box']);
  };
  try {
    dockerd = await startDocker();
    makeImage(layer);
    for (const facts of COMBINATIONS) report(describe(facts), await problemsOf(facts));
    for (const [name, problems] of Object.entries(OTHERS)) report(name, await problems());
  } finally {
    if (dockerd !== undefined) await stopDocker(dockerd, ['box']);
    rmSync(layer, { recursive: true, force: true });
  }
}

const describe = ({ stranger, readOnly, tmpfs, volume }) =>
  [
    stranger ? 'user without a name' : 'root',
    readOnly ? 'read-only root' : 'root to write',
    tmpfs ? 'tmpfs' : 'no tmpfs',
    volume ? 'volume' : 'no volume',
  ].join(', ');

if (process.argv[2] === '--inside') await inside();
else {
  requireTools({ dockerd: 'docker.io', docker: 'docker.io', unshare: 'util-linux' });
  inNamespaces(fileURLToPath(import.meta.url));
}
