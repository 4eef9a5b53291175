import type { AppSpec } from './app-spec.ts';

/** The namespace of apps that were given none. */
const DEFAULT_NAMESPACE = 'default';

/** The group of an app, unless it has none of its own. */
export const namespaceOf = ({ namespace }: Pick<AppSpec, 'namespace'>): { readonly namespace?: string } =>
  namespace === DEFAULT_NAMESPACE ? {} : { namespace };
