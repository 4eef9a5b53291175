export { defineConfig, type AppConfig, type LbConfig, type LbConfigFunction } from './define-config.ts';
export type { Env } from './env.ts';
export { findConfigFile, isConfigFile, STDIN } from './find-file.ts';
export { optionFlags } from './flags.ts';
export { appNamesIn, inspectApps, resolveApps, type ResolvedApps, type ResolveRequest } from './resolve.ts';
