import { join } from 'node:path';
import { LbError } from '../../errors/lb-error.ts';
import { userOf } from '../../system/users.ts';
import type { Context } from '../context.ts';
import { planService } from '../startup/plan.ts';
import { asRoot, Service } from '../startup/service.ts';
import type { ServiceHost } from '../startup/service-host.ts';

/** The service of "pm2 startup", which starts a daemon of PM2 at boot. Null if systemd has none for this home. */
export function pm2Service(home: string, host: ServiceHost): string | null {
  const isOfHome = (name: string): boolean => {
    const line = /^Environment="?PM2_HOME=([^"\n]*)"?$/m.exec(host.read(join(host.systemUnits, name)) ?? '');
    return line?.[1]?.trim().replace(/\/$/, '') === home;
  };
  const found = host.units().find((name) => /^pm2.*\.service$/.test(name) && isOfHome(name));
  return found?.replace(/\.service$/, '') ?? null;
}

/** Puts a service of `lb` in the place of that of PM2. Resolves with what to say; what is not done stands there as commands. */
export async function replaceService(context: Context, pm2: string, host: ServiceHost): Promise<string[]> {
  const account = userOf(host.uid)?.name;
  const startup: Context = { ...context, argv: ['startup'], args: [], options: account === undefined ? {} : { account } };
  const plan = await planService(startup, host);
  const disable = ['systemctl', 'disable', pm2];
  const byHand = (because: string): string[] => [
    `the service ${pm2} still starts PM2 at boot (${because}); to replace it by one of lb:`,
    `  ${asRoot(startup, plan)}`,
    `  sudo ${disable.join(' ')}`,
  ];
  if (!host.isBooted()) return byHand('systemd does not run here');
  if (host.uid !== 0) return byHand('only root may change services');
  try {
    const service = new Service(plan, host);
    service.requireRights('installed', asRoot(startup, plan));
    await service.install();
  } catch (error) {
    return byHand(LbError.from(error).message);
  }
  const { ok, output } = await host.run('systemctl', disable.slice(1));
  if (!ok) return [`${plan.unit.name} starts lb at boot, and ${pm2} still starts PM2, because it could not be disabled: ${output}`, `  ${disable.join(' ')}`];
  return [`${plan.unit.name} starts lb at boot, in the place of ${pm2}, which is disabled`];
}
