import type { AppSpec } from '../../lifecycle/app-spec.ts';

const INSPECT = /--(?:inspect|debug-port)/;

/** Whether the app sets inspector options, which take precedence over ours. */
export const configuresInspector = ({ nodeArgs, env }: AppSpec): boolean => INSPECT.test([...nodeArgs, env['NODE_OPTIONS'] ?? ''].join(' '));
