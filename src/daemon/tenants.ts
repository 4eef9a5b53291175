import type { AppUser } from '../lifecycle/app-user.ts';
import type { Report } from './attachment.ts';
import type { Tenant } from './tenant.ts';

/** The apps in one primary, by name. */
export class Tenants {
  readonly #tenants = new Map<string, Tenant>();

  get all(): readonly Tenant[] {
    return [...this.#tenants.values()];
  }

  get count(): number {
    return this.#tenants.size;
  }

  /** As whom the primary runs; null for the user of the daemon. */
  get user(): AppUser | null {
    return this.all[0]?.user ?? null;
  }

  /** Some app must run. */
  get areWanted(): boolean {
    return this.all.some(({ wanted }) => wanted);
  }

  get(name: string): Tenant | undefined {
    return this.#tenants.get(name);
  }

  has(name: string): boolean {
    return this.#tenants.has(name);
  }

  add(tenant: Tenant): void {
    this.#tenants.set(tenant.name, tenant);
  }

  remove(name: string): void {
    this.#tenants.delete(name);
  }

  clear(): void {
    this.#tenants.clear();
  }

  /** A report goes to the app that it is about. */
  received(report: Report): void {
    this.#tenants.get(report.app)?.received(report);
  }
}
