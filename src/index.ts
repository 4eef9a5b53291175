/** The public API of `lb`. */
export { connect, type Client } from './connect.ts';
export type { ClientOptions, Follow, FollowOptions, Outcome } from './client/client.ts';
export { defineConfig, type AppConfig, type Env, type LbConfig, type LbConfigFunction } from './config/index.ts';
export { LbError, type ErrorDetails, type ErrorRecord } from './errors/lb-error.ts';
export type { ExitName } from './errors/error-entry.ts';
export { EXIT, type ErrorCode } from './errors/registry.ts';
export type { AppSpec } from './lifecycle/app-spec.ts';
export type { DrainBlockers } from './lifecycle/drain-blockers.ts';
export type { ExitReport } from './lifecycle/exit-report.ts';
export type { AppState, WorkerState } from './lifecycle/states.ts';
export type { DaemonHello, LbEvent, LogLine, LogMessage, ProgressRecord, ResultRecord, StreamRecord } from './protocol/control.ts';
export type { AppSnapshot, OperationKind, SlotTrouble, WorkerSnapshot } from './protocol/snapshot.ts';
