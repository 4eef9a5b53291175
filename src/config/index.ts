export { defineConfig, type AppConfig, type LbConfig, type LbConfigFunction } from './define-config.ts';
export type { Env } from './env.ts';
export { findConfigFile, isConfigFile } from './find-file.ts';
export { optionFlags } from './flags.ts';
export { resolveApps } from './resolve.ts';
