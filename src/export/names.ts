import { LbError } from '../errors/lb-error.ts';
import { fileNameOf } from '../lifecycle/app-name.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';

/** Of a DNS label. */
const MAX_LENGTH = 63;

/** The name of an app where an engine allows lower-case letters, digits and dashes. */
export function engineName(name: string): string {
  const label = fileNameOf(name)
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'app' : label;
}

/** @throws LbError LB_ERR_EXPORT if two apps have the same name there */
export function refuseSameNames(apps: readonly AppSpec[], target: string): void {
  for (const [index, { name }] of apps.entries()) {
    const other = apps.slice(0, index).find((app) => engineName(app.name) === engineName(name));
    if (other === undefined) continue;
    const problem = `"${other.name}" and "${name}" would both be called "${engineName(name)}" there; rename one of them`;
    throw new LbError('LB_ERR_EXPORT', { target, problem });
  }
}
