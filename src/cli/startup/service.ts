import { LbError, messageOf } from '../../errors/lb-error.ts';
import { systemdUnit, UNIT_MARK } from '../../export/systemd.ts';
import type { Context } from '../context.ts';
import type { ServicePlan } from './plan.ts';
import type { ServiceHost } from './service-host.ts';

/** From here on a message is accepted although its sender, `systemd-notify`, has ended. */
const OLDEST_SYSTEMD = 246;

type Done = 'installed' | 'removed';

/** What is done with one service. */
export class Service {
  readonly text: string;
  readonly #plan: ServicePlan;
  readonly #host: ServiceHost;

  /** @throws LbError LB_ERR_USAGE for a path that a unit cannot contain */
  constructor(plan: ServicePlan, host: ServiceHost) {
    this.#plan = plan;
    this.#host = host;
    this.text = systemdUnit(plan.unit);
  }

  /** Its commands for a person. @param verb of systemctl */
  command(verb: string): string {
    return ['systemctl', ...this.#scope, verb, this.#plan.unit.name].join(' ');
  }

  get isThere(): boolean {
    return this.#host.read(this.#plan.file) !== null;
  }

  /** @throws LbError LB_ERR_NO_SYSTEMD */
  requireSystemd(): void {
    if (this.#host.isBooted()) return;
    const first = this.#host.firstProcess();
    const { node, program } = this.#plan.unit;
    throw new LbError('LB_ERR_NO_SYSTEMD', { detail: first === '' ? '' : ` (its first process is ${first})`, command: `${node} ${program} daemon` });
  }

  /** @param again the command line that root would use. @throws LbError LB_ERR_SERVICE if this user may not change it, or it is not ours */
  requireRights(done: Done, again: string): void {
    const { file, unit } = this.#plan;
    if (unit.user !== null && this.#host.uid !== 0) throw this.#failure(done, `only root may change ${file}`).advising(`run: ${again}`);
    if (this.#host.read(file)?.startsWith(UNIT_MARK) === false)
      throw this.#failure(done, `lb did not write ${file}`).advising('move it away, or choose another --service-name');
  }

  /** Writes and enables it, and starts it if it does not run. @throws LbError LB_ERR_SERVICE */
  async install(): Promise<void> {
    const { file, unit } = this.#plan;
    await this.#requirePrograms();
    await this.#host.write(file, this.text).catch((error: unknown) => {
      throw this.#failure('installed', messageOf(error));
    });
    for (const args of [['daemon-reload'], ['enable', unit.name], ['start', unit.name]]) {
      const { ok, output } = await this.#systemctl(args);
      if (!ok) throw this.#failure('installed', `systemctl ${args.join(' ')}: ${output}`).advising(`${file} was written; see "${this.#journal}"`);
    }
  }

  /** Disables and removes it. What runs goes on. @throws LbError LB_ERR_SERVICE */
  async remove(): Promise<void> {
    const { file, unit } = this.#plan;
    const { ok, output } = await this.#systemctl(['disable', unit.name]);
    if (!ok) throw this.#failure('removed', output);
    try {
      this.#host.remove(file);
    } catch (error) {
      throw this.#failure('removed', messageOf(error));
    }
    await this.#systemctl(['daemon-reload']);
  }

  /** So that a service of this user starts at boot, and not with the first login. @returns whether it does */
  async linger(): Promise<boolean> {
    return (await this.#host.run('loginctl', ['enable-linger'])).ok;
  }

  get #journal(): string {
    const { user, name } = this.#plan.unit;
    return `journalctl ${user === null ? '--user-unit' : '-u'} ${name} -n 20`;
  }

  get #scope(): readonly string[] {
    return this.#plan.unit.user === null ? ['--user'] : [];
  }

  #systemctl(args: readonly string[]): ReturnType<ServiceHost['run']> {
    return this.#host.run('systemctl', [...this.#scope, ...args]);
  }

  async #requirePrograms(): Promise<void> {
    const { ok, output } = await this.#host.run('systemctl', ['--version']);
    const version = Number(/^systemd (\d+)/.exec(output)?.[1] ?? Number.NaN);
    if (!ok || Number.isNaN(version)) throw this.#failure('installed', `systemctl --version: ${output}`);
    if (version < OLDEST_SYSTEMD) throw this.#failure('installed', `it needs systemd ${OLDEST_SYSTEMD} or newer, this is ${version}`);
    const notify = await this.#host.run('systemd-notify', ['--version']);
    if (!notify.ok) throw this.#failure('installed', `it needs systemd-notify, by which lb says when it is ready: ${notify.output}`);
  }

  #failure(done: Done, reason: string): LbError {
    return new LbError('LB_ERR_SERVICE', { unit: this.#plan.unit.name, done, reason });
  }
}

/** The same command line for root, with what it would not know by itself. */
export function asRoot({ argv }: Context, { unit, givenHome }: ServicePlan): string {
  const { user, node, program } = unit;
  const words = [...argv, ...(argv.some((word) => /^(-u|--account)/.test(word)) || user === null ? [] : ['-u', user])];
  if (!words.includes('--yes')) words.push('--yes');
  return ['sudo', ...(givenHome === null ? [] : ['env', `LB_HOME=${givenHome}`]), node, program, ...words].map(shellQuoted).join(' ');
}

const shellQuoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
