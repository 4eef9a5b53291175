import type { AppOptions } from './app-options.ts';
import type { Env } from './env.ts';

type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;

/** Every option by its camelCase name as well. */
type CamelCaseOptions = { readonly [Key in keyof AppOptions as CamelCase<Key>]?: AppOptions[Key] };

/** Blocks of variables that `--env <name>` adds to `env`. */
interface EnvProfiles {
  readonly [profile: `env_${string}`]: Env | string | undefined;
}

/** One app of a config file. */
export type AppConfig = AppOptions & CamelCaseOptions & EnvProfiles;

/** What a config file exports. */
export interface LbConfig {
  /** The apps that `lb start` starts; each needs a name of its own. */
  readonly apps: readonly AppConfig[];
  /**
   * The daemon serves the metrics of all its apps there, from the next start or reload with this file on: a port of
   * 127.0.0.1, or host:port; null is nowhere.
   */
  readonly metrics?: { readonly listen: string | number | null };
}

/** A config that is computed when the file is loaded. */
export type LbConfigFunction = () => LbConfig | Promise<LbConfig>;

/**
 * Gives a config file types and completion; returns what it is given.
 * @example
 * export default defineConfig({ apps: [{ name: 'api', script: 'server.js', instances: 'max' }] });
 */
export function defineConfig(config: LbConfig): LbConfig;
export function defineConfig(config: LbConfigFunction): LbConfigFunction;
export function defineConfig(config: LbConfig | LbConfigFunction): LbConfig | LbConfigFunction {
  return config;
}
