import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { Command, OptionDef } from '../command.ts';
import type { Context } from '../context.ts';
import { planService, SERVICE_OPTIONS } from '../startup/plan.ts';
import { asRoot, Service } from '../startup/service.ts';
import { thisHost, type ServiceHost } from '../startup/service-host.ts';

export const YES_OPTION: OptionDef = { flags: '-y, --yes', description: 'do it; without this, nothing is changed' };

export const startupOn = (host: ServiceHost): Command => ({
  operands: '[init]',
  description:
    'Makes a service of systemd that starts the apps at boot, replaces the daemon when it dies, drains the apps when it is stopped, and upgrades lb when it is reloaded. Prints the unit; with --yes, writes, enables and starts it, and apps that run already keep running. Every app that is running when the machine goes down comes back: nothing has to be saved.',
  options: [
    YES_OPTION,
    { flags: '--print', description: 'only print the unit, also where no systemd runs' },
    ...SERVICE_OPTIONS,
    { flags: '--harden', description: 'take rights away that few apps need, such as sudo and raw sockets' },
  ],
  exits: ['failed', 'daemon', 'notFound'],
  examples: ['lb startup', 'sudo lb startup -u deploy --yes', 'lb startup --user --yes', 'lb startup --app lb.config.js --env production'],
  run: (context) => run(context, host),
});

export const startup: Command = startupOn(thisHost);

async function run(context: Context, host: ServiceHost): Promise<number> {
  refuseOtherInit(context.args[0]);
  const plan = await planService(context, host);
  const service = new Service(plan, host);
  const { print, note, options } = context;
  if (options['print'] === true) {
    print(service.text.trimEnd());
    return EXIT.ok;
  }
  service.requireSystemd();
  const { unit, file } = plan;
  if (unit.program.includes('/_npx/')) note(`warning: ${unit.program} is a temporary installation; install lb before you make a service of it`);
  if (options['yes'] !== true) {
    print(service.text.trimEnd());
    const next = unit.user === null || host.uid === 0 ? `run it again with --yes` : `run: ${asRoot(context, plan)}`;
    note(`nothing was changed; to write this to ${file}, enable and start it, ${next}`);
    return EXIT.ok;
  }
  service.requireRights('installed', asRoot(context, plan));
  await service.install();
  print(`${file} was written; ${unit.name} is running, and starts at boot`);
  if (unit.user === null && !(await service.linger()))
    note('warning: until "loginctl enable-linger" succeeds for you, which root may have to run, it starts with your first login and ends with your last');
  note(`upgrade: ${service.command('reload')}; drain and stop: ${service.command('stop')}`);
  return EXIT.ok;
}

/** PM2 takes the name of an init system. @throws LbError LB_ERR_USAGE */
export function refuseOtherInit(init: string | undefined): void {
  if (init !== undefined && init !== 'systemd') throw new LbError('LB_ERR_USAGE', { problem: `lb writes services for systemd, not for "${init}"` });
}
