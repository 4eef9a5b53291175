export type { OptionKey } from './options.ts';
export { countInstances } from './instances.ts';
export { defineConfig, type AppConfig, type LbConfig, type LbConfigFunction } from './define-config.ts';
export type { Env } from './env.ts';
export { findConfigFile, isConfigFile } from './find-file.ts';
export { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';
export { optionFlags, type OptionFlag } from './flags.ts';
export { loadConfigFile, type LoadedConfig, type RawApp } from './load-file.ts';
export { resolveApps, type ResolveRequest, type ResolvedApps } from './resolve.ts';
