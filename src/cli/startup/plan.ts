import { basename, dirname, join, resolve } from 'node:path';
import { LbError } from '../../errors/lb-error.ts';
import type { SystemdUnit, UnitJob } from '../../export/systemd.ts';
import { findHome } from '../../system/find-home.ts';
import { LB_PROGRAM, programAsCalled } from '../../system/lb-program.ts';
import { userNamed } from '../../system/named-users.ts';
import { userOf } from '../../system/users.ts';
import type { OptionDef } from '../command.ts';
import type { Context } from '../context.ts';
import { CONFIG_OPTIONS, isConfigTarget, namesInFile } from '../resolve.ts';
import { textOption } from '../values.ts';
import type { ServiceHost } from './service-host.ts';

/** Which service is meant. */
export const SERVICE_OPTIONS: readonly OptionDef[] = [
  { flags: '-u, --account <name>', description: 'the user who owns the apps (default: you)' },
  { flags: '--user', description: "a service of your own systemd instance instead of the machine's; needs no root", key: 'ofUser' },
  { flags: '--app <file>', description: 'a service of its own for the apps of this config file, by "lb run"' },
  ...CONFIG_OPTIONS,
  { flags: '--service-name <name>', description: 'name of the service (default: lb-<user>, lb with --user, lb-run-<app> with --app)' },
];

export interface ServicePlan {
  readonly unit: SystemdUnit;
  /** Where the unit is. */
  readonly file: string;
  /** LB_HOME, if it was given. */
  readonly givenHome: string | null;
}

/** The service that the options mean. @throws LbError LB_ERR_USAGE, LB_ERR_HOME, and those of config files */
export async function planService(context: Context, host: ServiceHost): Promise<ServicePlan> {
  const { options, io } = context;
  if (options['ofUser'] === true && options['account'] !== undefined)
    throw new LbError('LB_ERR_USAGE', { problem: '--user is for your own services; leave out -u' });
  const user = options['ofUser'] === true ? null : accountOf(context, host);
  const job = await jobOf(context, user, host);
  const name = givenName(context) ?? (await defaultName(context, job, user));
  const unit: SystemdUnit = {
    name,
    user,
    node: process.execPath,
    program: programAsCalled(LB_PROGRAM, process.argv[1]),
    job,
    harden: options['harden'] === true,
  };
  return { unit, file: join(user === null ? ownUnits(context) : host.systemUnits, `${name}.service`), givenHome: io.env['LB_HOME'] || null };
}

function accountOf({ options, io }: Context, { uid }: ServiceHost): string {
  const given = textOption(options, 'account');
  if (given !== undefined) {
    const account = userNamed(given);
    if (account === null) throw new LbError('LB_ERR_USAGE', { problem: `no user named "${given}" on this machine` });
    return account.name;
  }
  const caller = io.env['SUDO_USER'];
  if (uid === 0 && caller !== undefined && caller !== 'root')
    throw new LbError('LB_ERR_USAGE', { problem: `whose apps does the service run? Add "-u ${caller}" for those of ${caller}, "-u root" for those of root` });
  const name = userOf(uid)?.name;
  if (name === undefined) throw new LbError('LB_ERR_USAGE', { problem: `user ${uid} is not in /etc/passwd; name the user who owns the apps with "-u <name>"` });
  return name;
}

async function jobOf(context: Context, user: string | null, { uid }: ServiceHost): Promise<UnitJob> {
  const { options, io, home } = context;
  const given = textOption(options, 'app');
  const [only, profile] = [textOption(options, 'only') ?? null, textOption(options, 'envName') ?? null];
  if (given === undefined) {
    if (only !== null || profile !== null) throw new LbError('LB_ERR_USAGE', { problem: '--only and --env need --app <file>' });
    return { kind: 'daemon', home: homeOf(user, uid, home, io.env) };
  }
  const file = resolve(io.cwd, given);
  if (given === '-' || !isConfigTarget(context, file))
    throw new LbError('LB_ERR_USAGE', { problem: `--app needs a config file, got "${given}"; "lb init" writes one` });
  return { kind: 'apps', file, directory: dirname(file), only, profile };
}

/** Another user's is where that user's commands find it. */
function homeOf(user: string | null, uid: number, own: string, env: NodeJS.ProcessEnv): string {
  const account = user === null ? null : userNamed(user);
  if (account === null || account.uid === uid) return own;
  const given = env['LB_HOME'];
  return findHome({ HOME: account.home, ...(given ? { LB_HOME: given } : {}) }, { uid: account.uid, groups: [account.gid] }).path;
}

function givenName({ options }: Context): string | null {
  const given = textOption(options, 'serviceName');
  if (given === undefined) return null;
  const name = given.replace(/\.service$/, '');
  if (!/^[A-Za-z0-9:_.-]+$/.test(name))
    throw new LbError('LB_ERR_USAGE', { problem: `--service-name: expected letters, digits and ":", "_", ".", "-", got "${given}"` });
  return name;
}

async function defaultName(context: Context, job: UnitJob, user: string | null): Promise<string> {
  if (job.kind === 'daemon') return user === null ? 'lb' : `lb-${plain(user)}`;
  const [name, ...others] = await namesInFile(context, job.file);
  return `lb-run-${plain(name !== undefined && others.length === 0 ? name : basename(job.directory))}`;
}

const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9:_.-]/g, '-');

const ownUnits = ({ io: { env } }: Context): string => join(env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '', '.config'), 'systemd/user');
