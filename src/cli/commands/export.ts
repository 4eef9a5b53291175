import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { findConfigFile, isConfigFile, resolveApps, STDIN } from '../../config/index.ts';
import { PACKAGE_MANAGERS, type ExportOptions, type Host, type PackageManager, type ProjectFacts } from '../../export/export-request.ts';
import { HEADER_MARK } from '../../export/header.ts';
import { UNIT_MARK } from '../../export/systemd.ts';
import { EXPORT_TARGETS, type ExportTarget } from '../../export/targets.ts';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { keysOf } from '../../lifecycle/keys-of.ts';
import { writeFileNow } from '../../system/atomic-file.ts';
import { LB_PROGRAM } from '../../system/lb-program.ts';
import { ownUmask } from '../../system/umask.ts';
import { userOf } from '../../system/users.ts';
import type { Command, OptionDef } from '../command.ts';
import type { Context } from '../context.ts';
import { CONFIG_OPTIONS } from '../resolve.ts';
import { lbVersion } from '../version.ts';

const TARGETS = [...EXPORT_TARGETS.keys()];

/** The flags that only some targets take, by their key. */
const TARGET_OPTIONS: Readonly<Record<keyof ExportOptions, OptionDef>> = {
  hosts: {
    flags: '--hosts <hosts>',
    description: 'haproxy, nginx: the machines, comma-separated, each host or host:port (default: 127.0.0.1)',
    parse: readHosts,
  },
  bind: { flags: '--bind <port>', description: 'haproxy, nginx: where the proxy listens (default: 80)', parse: readPort },
  image: { flags: '--image <name>', description: 'compose, kubernetes: the image (default: <app>:latest)' },
  replicas: { flags: '--replicas <n>', description: 'compose, kubernetes: containers or pods of each app that may run twice', parse: readCount },
  cpus: { flags: '--cpus <n>', description: 'compose, kubernetes --all-cores: CPUs of a container or pod', parse: readCount },
  allCores: { flags: '--all-cores', description: 'kubernetes: in each pod as many workers as it has CPUs, instead of one' },
};

export const exporting: Command = {
  operands: '<target> [file]',
  description: `Writes what another engine needs to run the apps of a config file, or to stand in front of them: ${[...EXPORT_TARGETS].map(([name, { summary }]) => `${name} (${summary})`).join(', ')}. The same definition gives the same text. Nothing is started, and no daemon is asked.`,
  options: [
    ...CONFIG_OPTIONS,
    ...Object.values(TARGET_OPTIONS),
    { flags: '-o, --out <file>', description: 'write into this file, also over one that lb export wrote, instead of to stdout' },
  ],
  exits: ['notFound'],
  examples: [
    'lb export haproxy --hosts 10.0.0.1,10.0.0.2 --out haproxy.cfg',
    'lb export dockerfile --out Dockerfile',
    'lb export compose --replicas 3 --out compose.yaml',
    'lb export kubernetes --image registry.example/api:1 --out k8s.yaml',
  ],
  run,
};

async function run(context: Context): Promise<number> {
  const { io, args, options, note, errStyle } = context;
  const [name = '', given] = args;
  const target = targetNamed(name);
  const exportOptions = optionsFor(target, name, options);
  const { file, path } = configFile(given, io.cwd);
  const only = typeof options['only'] === 'string' ? options['only'] : null;
  const envName = typeof options['envName'] === 'string' ? options['envName'] : null;
  const { apps, metrics, warnings } = await resolveApps({
    target: path,
    flags: {},
    appArgs: [],
    // What the shell of whoever exports has in it is no part of the definition.
    env: { PATH: io.env['PATH'] },
    cwd: io.cwd,
    ...(envName === null ? {} : { envName }),
    ...(only === null ? {} : { only: [only] }),
    home: context.home,
    cpuBudget: target.cpus(exportOptions),
    umask: ownUmask(),
    node: process.execPath,
  });
  const directory = dirname(path);
  const { text, notes } = target.write({
    command: commandLine(context),
    file: basename(file),
    directory,
    only,
    envName,
    apps,
    metrics: metrics?.listen ?? null,
    project: projectFacts(directory),
    nodeMajor: Number.parseInt(process.versions.node, 10),
    lbVersion: lbVersion(),
    machine: { user: userOf(process.getuid?.() ?? 0)?.name ?? 'root', node: process.execPath, program: LB_PROGRAM },
    options: exportOptions,
  });
  for (const warning of [...warnings, ...notes]) note(`${errStyle('yellow', 'warning:')} ${warning}`);
  write(context, text);
  return EXIT.ok;
}

function targetNamed(name: string): ExportTarget {
  const target = EXPORT_TARGETS.get(name);
  if (target !== undefined) return target;
  const error = new LbError('LB_ERR_USAGE', { problem: `expected one of ${TARGETS.join(', ')}, got "${name}"` });
  throw name === 'systemd' ? error.advising('"lb startup --print" prints the unit for systemd') : error;
}

function optionsFor(target: ExportTarget, name: string, options: Context['options']): ExportOptions {
  const given = keysOf(TARGET_OPTIONS).filter((key) => options[key] !== undefined);
  const other = given.find((key) => !target.options.includes(key));
  if (other !== undefined) throw new LbError('LB_ERR_USAGE', { problem: `"lb export ${name}" takes no ${TARGET_OPTIONS[other].flags.split(' ')[0] ?? other}` });
  if (name === 'kubernetes' && options['cpus'] !== undefined && options['allCores'] !== true) {
    throw new LbError('LB_ERR_USAGE', { problem: '--cpus goes with --all-cores; otherwise a pod has one worker' });
  }
  return Object.fromEntries(given.map((key) => [key, options[key]])) as ExportOptions;
}

function configFile(given: string | undefined, cwd: string): { readonly file: string; readonly path: string } {
  if (given !== undefined && (given === STDIN || !isConfigFile(given))) {
    throw new LbError('LB_ERR_USAGE', { problem: `"${given}" is not a config file; "lb init" writes one` });
  }
  const found = given ?? findConfigFile(cwd);
  if (found === undefined) throw new LbError('LB_ERR_USAGE', { problem: `no lb.config.* or ecosystem.config.* in ${cwd}; "lb init" writes one` });
  return { file: found, path: resolve(cwd, found) };
}

/** As it was typed, without the place of the result. */
function commandLine({ argv }: Context): string {
  const words = argv.filter((word, index) => !isOut(word) && !(index > 0 && ['-o', '--out'].includes(argv[index - 1] ?? '')));
  return ['lb', ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))].join(' ');
}
const isOut = (word: string): boolean => /^(?:-o|--out)(?:=|$)/.test(word);

function projectFacts(directory: string): ProjectFacts {
  const lockFiles: Readonly<Record<PackageManager, string>> = { npm: 'package-lock.json', pnpm: 'pnpm-lock.yaml', yarn: 'yarn.lock' };
  const path = join(directory, 'package.json');
  const hasPackage = existsSync(path);
  const { scripts, dependencies } = hasPackage ? readPackage(path) : {};
  return {
    lockedBy: PACKAGE_MANAGERS.find((manager) => existsSync(join(directory, lockFiles[manager]))) ?? null,
    hasPackage,
    hasBuildScript: has(scripts, 'build'),
    dependsOnLb: has(dependencies, 'lb-supervisor'),
  };
}

const has = (table: unknown, key: string): boolean => typeof table === 'object' && table !== null && key in table;

function readPackage(path: string): { readonly scripts?: unknown; readonly dependencies?: unknown } {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch (error) {
    throw new LbError('LB_ERR_EXPORT', { target: 'dockerfile', problem: `${path} cannot be read: ${messageOf(error)}` });
  }
}

function write({ io, options, print, silent }: Context, text: string): void {
  const { out } = options;
  if (typeof out !== 'string') return void io.stdout.write(text);
  const path = resolve(io.cwd, out);
  if (existsSync(path) && !isOurs(readFileSync(path, 'utf8'))) {
    throw new LbError('LB_ERR_USAGE', { problem: `${path} is there already and was not written by "lb export"; remove it, or choose another file` });
  }
  try {
    writeFileNow(path, text, 0o644);
  } catch (error) {
    throw new LbError('LB_ERR_EXPORT', { target: out, problem: messageOf(error) });
  }
  if (!silent) print(`${relative(io.cwd, path) || path} was written`);
}

const isOurs = (text: string): boolean => [HEADER_MARK, UNIT_MARK].some((mark) => text.startsWith(mark));

function readHosts(text: string): readonly Host[] {
  return text.split(',').map((word) => {
    const [, bracketed, plain, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(word.trim()) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) {
      throw new Error('expected hosts, such as 10.0.0.1,10.0.0.2:3000,[fd00::1]');
    }
    return { host, port: port === undefined ? null : Number(port) };
  });
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error('expected a whole number from 1 to 9999');
}

function readPort(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error('expected a port, from 1 to 65535');
}
