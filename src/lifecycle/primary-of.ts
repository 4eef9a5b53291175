import { fileNameOf } from './app-name.ts';
import type { AppSpec } from './app-spec.ts';

/** The name of the primary that small apps share. No file name of an app begins like this. */
export const SHARED_PRIMARY = '_shared';

/**
 * The name of the primary that runs an app. Apps whose connections do not pass through their primary share one: what hands out
 * connections must not wait for other apps. An app of another user has its own, so that one cannot speak for another.
 */
export function primaryOf({ name, kind, instances, scale, interpreter, user, ownPrimary }: Placed): string {
  const isSmall = kind === 'command' || (kind === 'plain' && instances === 1 && scale === null);
  return isSmall && interpreter === null && user === null && !ownPrimary ? SHARED_PRIMARY : fileNameOf(name);
}

type Placed = Pick<AppSpec, 'name' | 'kind' | 'instances' | 'scale' | 'interpreter' | 'user' | 'ownPrimary'>;
