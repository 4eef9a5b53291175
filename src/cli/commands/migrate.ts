import { dirname, resolve } from 'node:path';
import { appPath, type Channel } from '../../client/request.ts';
import { openStream } from '../../client/stream.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { StartBody } from '../../protocol/control.ts';
import { pm2Service, replaceService } from '../migrate/boot-service.ts';
import { Agents, type LentSocket } from '../migrate/agents.ts';
import { giveSockets } from '../migrate/give-sockets.ts';
import { otherUsers } from '../migrate/look.ts';
import { moveApp } from '../migrate/move-app.ts';
import { planOf, type Move, type Plan } from '../migrate/plan.ts';
import { planRecord, planView } from '../migrate/plan-view.ts';
import { pm2 } from '../migrate/pm2-command.ts';
import { defaultPm2Home, findPm2, type Pm2Daemon } from '../migrate/pm2-daemon.ts';
import { parseList } from '../migrate/pm2-list.ts';
import { survey } from '../migrate/survey.ts';
import { AGENT_FILE } from '../agent-file.ts';
import { appsOrNone } from '../apps-or-none.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';
import { forEachTarget } from '../operation.ts';
import { ONLY_OPTION } from '../resolve.ts';
import { thisHost } from '../startup/service-host.ts';

export const migrate: Command = {
  operands: '<system> [file]',
  description:
    'Moves the apps that PM2 runs to lb, one after the other, without losing a request: lb serves the same sockets beside PM2 before PM2 lets go of them. Without --yes it only shows what would move, and how. <system> is "pm2"; with an ecosystem file, the definitions of its apps come from there, otherwise from what PM2 runs. If a step fails, the app stays with PM2. When none is left, the service that starts PM2 at boot is replaced by one of lb. See docs/from-pm2.md.',
  options: [
    { flags: '--yes', description: 'move, instead of showing the plan' },
    ONLY_OPTION,
    { flags: '--env <name>', description: 'add the variables in env_<name> of the ecosystem file', key: 'envName' },
    { flags: '--with-gap', description: 'let PM2 stop each app before lb starts it; requests in between fail' },
    { flags: '--trust-local-users', description: 'open inspectors on 127.0.0.1, for less than a second each, although other users are at work here' },
    { flags: '--pm2 <path>', description: 'the command line of the PM2 that runs, if it is not found' },
    JSON_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb migrate pm2', 'lb migrate pm2 --yes', 'lb migrate pm2 ecosystem.config.js --env production --yes', 'lb migrate pm2 --only api,worker --yes'],
  run,
};

async function run(context: Context): Promise<number> {
  const { args, options, io } = context;
  if (args[0] !== 'pm2') throw new LbError('LB_ERR_USAGE', { problem: `lb can move apps from "pm2", not from "${args[0]}"` });
  if (context.address.isShared === true)
    throw new LbError('LB_ERR_USAGE', { problem: 'apps of PM2 move to a daemon of their own user, not to that of LB_SOCKET' });
  const program = options['pm2'];
  const daemon = findPm2(defaultPm2Home(io.env), typeof program === 'string' ? resolve(io.cwd, program) : undefined);
  const plan = await planned(context, daemon);
  const service = pm2Service(daemon.home, thisHost);
  if (context.json) context.print(JSON.stringify({ ...planRecord(plan), service }));
  else for (const line of planView(plan, daemon, service)) context.print(line);
  if (options['yes'] !== true) {
    if (plan.moves.length > 0) context.note('nothing was changed; --yes moves them');
    return EXIT.ok;
  }
  return await move(context, daemon, plan);
}

async function planned(context: Context, daemon: Pm2Daemon): Promise<Plan> {
  const { options, args, io, home } = context;
  const chosen = typeof options['only'] === 'string' ? options['only'].split(',').map((name) => name.trim()) : null;
  const all = parseList(await pm2(daemon, 'jlist'));
  const unknown = chosen?.find((name) => all.every((app) => app.name !== name));
  if (unknown !== undefined) throw new LbError('LB_ERR_USAGE', { problem: `PM2 has no app "${unknown}"` });
  const apps = all.filter(({ name }) => chosen === null || chosen.includes(name));
  const taken = new Set((await appsOrNone(context, 'read')).map(({ name }) => name));
  const envName = typeof options['envName'] === 'string' ? options['envName'] : undefined;
  const facts = await survey(apps, { file: args[1], envName, cwd: io.cwd, home, taken });
  return planOf(apps, { noInspector: noInspector(context), factsOf: (app) => facts.get(app) });
}

/** The hand-over opens inspectors, which any user of the machine could reach. */
function noInspector({ options }: Context): string | null {
  if (options['withGap'] === true) return '--with-gap';
  const others = options['trustLocalUsers'] === true ? [] : otherUsers();
  if (others.length === 0) return null;
  return `processes of other users run here (${others.join(', ')}); if you trust them, --trust-local-users avoids the gap`;
}

async function move(context: Context, daemon: Pm2Daemon, { moves }: Plan): Promise<number> {
  if (moves.length === 0) {
    await farewell(context, daemon);
    return EXIT.ok;
  }
  const { channel } = await daemonFor(context, 'start');
  const folder = dirname(context.address.socket);
  const agents = new Agents(folder, AGENT_FILE);
  let isInterrupted = false;
  const restore = context.io.onInterrupt(() => {
    isInterrupted = true;
    context.note('\nstops after this app');
  });
  try {
    return await forEachTarget(context, moves, async (each) => {
      if (isInterrupted) return;
      const target = targetFor(context, channel, folder, each);
      await moveApp(each, { daemon, agents, target, say: context.note });
      context.note(`${each.app.name} moved to lb; PM2 has forgotten it`);
    });
  } finally {
    restore();
    await agents.close();
    channel.close();
    await farewell(context, daemon);
  }
}

function targetFor(
  context: Context,
  channel: Channel,
  folder: string,
  { app, spec }: Move,
): { start(sockets: readonly LentSocket[]): Promise<void>; remove(): Promise<void> } {
  const start = (path?: string): Promise<void> => {
    const body: StartBody = { apps: [spec], ...(path === undefined ? {} : { sockets: path }) };
    return followed(context, channel, 'POST', '/v1/apps', body);
  };
  return {
    start: (sockets) => (sockets.length === 0 ? start() : giveSockets(folder, app.name, sockets, start)),
    remove: () => followed(context, channel, 'DELETE', appPath(app.name), { now: true }),
  };
}

/** @throws LbError of the result */
async function followed({ note }: Context, channel: Channel, method: 'POST' | 'DELETE', path: string, body: unknown): Promise<void> {
  for await (const record of openStream(channel, method, path, body)) {
    if (record.type === 'progress') note(record.message);
    else if (record.ok) note(record.message);
    else throw LbError.fromRecord(record.error);
  }
}

/** What is left of PM2. Its service is replaced when it has no app left, because it would start PM2 at the next boot. */
async function farewell(context: Context, daemon: Pm2Daemon): Promise<void> {
  const { note } = context;
  const left = await pm2(daemon, 'jlist').then(parseList, () => null);
  if (left === null) return;
  if (left.length > 0) return note(`PM2 still has ${plural(left.length, 'app')}: ${left.map(({ name }) => name).join(', ')}`);
  const service = pm2Service(daemon.home, thisHost);
  note(`PM2 has no app left; "pm2 kill" ends its daemon${service === null ? ', and "lb startup" makes a service of lb' : ''}`);
  if (service !== null) for (const line of await replaceService(context, service, thisHost)) note(line);
}
