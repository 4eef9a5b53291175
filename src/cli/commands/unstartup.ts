import { EXIT } from '../../errors/registry.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { planService, SERVICE_OPTIONS } from '../startup/plan.ts';
import { asRoot, Service } from '../startup/service.ts';
import { thisHost, type ServiceHost } from '../startup/service-host.ts';
import { refuseOtherInit, YES_OPTION } from './startup.ts';

export const unstartupOn = (host: ServiceHost): Command => ({
  operands: '[init]',
  description: 'Removes the service that "lb startup" made. Its apps keep running until the machine goes down; "lb kill" stops them.',
  options: [YES_OPTION, ...SERVICE_OPTIONS],
  exits: ['failed', 'daemon', 'notFound'],
  examples: ['lb unstartup', 'sudo lb unstartup -u deploy --yes', 'lb unstartup --user --yes'],
  run: (context) => run(context, host),
});

export const unstartup: Command = unstartupOn(thisHost);

async function run(context: Context, host: ServiceHost): Promise<number> {
  refuseOtherInit(context.args[0]);
  const plan = await planService(context, host);
  const service = new Service(plan, host);
  const { print, note, options } = context;
  service.requireSystemd();
  const { unit, file } = plan;
  if (!service.isThere) {
    note(`nothing to remove: there is no ${file}`);
    return EXIT.ok;
  }
  if (options['yes'] !== true) {
    const next = unit.user === null || host.uid === 0 ? 'run it again with --yes' : `run: ${asRoot(context, plan)}`;
    note(`nothing was changed; to disable ${unit.name} and remove ${file}, ${next}`);
    return EXIT.ok;
  }
  service.requireRights('removed', asRoot(context, plan));
  await service.remove();
  print(`${file} was removed; what runs goes on until the machine goes down, "lb kill" ends it`);
  return EXIT.ok;
}
