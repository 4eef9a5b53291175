import type { AppOptions } from './app-options.ts';
import type { Env } from './env.ts';

type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;

/** The camelCase names of all options. */
type CamelCaseOptions = { readonly [Key in keyof AppOptions as CamelCase<Key>]?: AppOptions[Key] };

/** Variables that `--env <name>` adds to `env`. */
interface EnvProfiles {
  readonly [profile: `env_${string}`]: Env | string | undefined;
}

/** One app of a config file. */
export type AppConfig = AppOptions & CamelCaseOptions & EnvProfiles;

/** The exports of a config file. */
export interface LbConfig {
  /** The apps that `lb start` starts; their names must be unique. */
  readonly apps: readonly AppConfig[];
  /** What all apps have that do not say otherwise. Variables of `env` are merged one by one. */
  readonly defaults?: AppConfig;
  /**
   * Where the daemon serves the metrics of all its apps: a port on 127.0.0.1, or host:port; null for nowhere. Applies from the
   * next start or reload with this file. Scrapers may name this machine by IP address, `localhost`, its own name or one of `hosts`.
   */
  readonly metrics?: { readonly listen: string | number | null; readonly hosts?: readonly string[] };
}

/** A config computed when the file is loaded. */
export type LbConfigFunction = () => LbConfig | Promise<LbConfig>;

/**
 * Types and completion for a config file; returns its argument.
 * @example
 * export default defineConfig({ apps: [{ name: 'api', script: 'server.js', instances: 'max' }] });
 */
export function defineConfig(config: LbConfig): LbConfig;
export function defineConfig(config: LbConfigFunction): LbConfigFunction;
export function defineConfig(config: LbConfig | LbConfigFunction): LbConfig | LbConfigFunction {
  return config;
}
