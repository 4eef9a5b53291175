import { MAX_INSTANCES, type AppSpec } from '../lifecycle/app-spec.ts';
import { BALANCE_STRATEGIES } from '../lifecycle/balance-strategy.ts';
import { DAEMON_ROLES } from '../lifecycle/daemon-role.ts';
import { checked } from './checked.ts';
import {
  ON_FAILURE,
  type BalanceBody,
  type HandOverBody,
  type MetricsBody,
  type ReloadBody,
  type RestartBody,
  type ScaleBody,
  type ShareBody,
  type SharedSocket,
  type SharedSocketState,
  type SignalBody,
  type StartAgainBody,
  type StartBody,
  type StopBody,
  type UpgradeBody,
  type UpgradeState,
  UPGRADE_STAGES,
  type WeightBody,
} from './control.ts';
import { absolutePath, appSpec, hostPort, instances, slot, weight } from './parse-app-spec.ts';
import { boolean, exact, integer, list, Malformed, nullable, number, object, oneOf, optional, record, string, type Parser, type Shape } from './parser.ts';
import { LONGEST_PROFILE_MS, PROFILE_KINDS, type ProfileBody } from './profile.ts';

const slots: Parser<readonly number[]> = (value) => {
  const given = list(slot)(value);
  if (given.length > 0) return given;
  throw new Malformed('at least one slot', value);
};

/** Bodies that are also orders to a primary. */
export const RELOAD: Shape<Omit<ReloadBody, 'updateEnv' | 'spec'>> = {
  parallel: optional(integer(1)),
  monitorMs: optional(number(0)),
  onFailure: optional(oneOf(ON_FAILURE)),
  drop: optional(list(string)),
  allAtOnce: optional(boolean),
  slots: optional(slots),
};
export const RESTART: Shape<Pick<RestartBody, 'now' | 'slots'>> = { now: optional(boolean), slots: optional(slots) };
export const STOP: Shape<StopBody> = { now: optional(boolean) };
export const SCALE: Shape<ScaleBody> = { to: optional(instances), by: optional(integer(-MAX_INSTANCES, MAX_INSTANCES)), auto: optional(boolean) };
export const BALANCE: Shape<BalanceBody> = { strategy: oneOf(BALANCE_STRATEGIES) };
export const WEIGHT: Shape<WeightBody> = { weights: list(object<WeightBody['weights'][number]>({ slot, weight })) };
export const SIGNAL: Shape<SignalBody> = { signal: string, pid: optional(integer(1)) };
export const PROFILE: Shape<ProfileBody> = {
  what: oneOf(PROFILE_KINDS),
  slot: optional(slot),
  durationMs: optional(number(1, LONGEST_PROFILE_MS)),
  output: optional(absolutePath),
};

const DEFINITION: Shape<Pick<ReloadBody, 'spec' | 'updateEnv'>> = { spec: optional(appSpec), updateEnv: optional(record(string)) };

export const parseAppSpec: Parser<AppSpec> = checked('app definition', appSpec);
export const parseStartBody = checked('start request', exact<StartBody>({ apps: list(appSpec), sockets: optional(string) }));
export const parseStartAgainBody = checked('start request', exact<StartAgainBody>({ updateEnv: optional(record(string)) }));
export const parseReloadBody = checked('reload request', exact<ReloadBody>({ ...DEFINITION, ...RELOAD }));
export const parseRestartBody = checked('restart request', exact<RestartBody>({ ...DEFINITION, ...RESTART }));
export const parseStopBody = checked('stop request', exact<StopBody>(STOP));
export const parseScaleBody = checked('scale request', exact<ScaleBody>(SCALE));
export const parseSignalBody = checked('signal request', exact<SignalBody>(SIGNAL));
export const parseProfileBody = checked('profile request', exact<ProfileBody>(PROFILE));
export const parseBalanceBody = checked('balance request', exact<BalanceBody>(BALANCE));
const METRICS: Shape<MetricsBody> = { listen: nullable(hostPort), hosts: optional(list(string)) };

/** As it is saved. */
export const savedMetrics = object<MetricsBody>(METRICS);
export const parseMetricsBody = checked('metrics request', exact<MetricsBody>(METRICS));
export const parseHandOverBody = checked('hand-over request', object<HandOverBody>({ role: oneOf(DAEMON_ROLES), pid: integer(1) }));
const SHARED: Shape<SharedSocket> = { group: string, gid: integer(0), socket: absolutePath };

const SHARE: Shape<ShareBody> = { shared: nullable(object<SharedSocket>(SHARED)) };

const UPGRADE: Shape<UpgradeBody> = { program: optional(absolutePath), node: optional(absolutePath), back: optional(boolean) };
export const parseUpgradeBody = checked('upgrade request', exact<UpgradeBody>(UPGRADE));
export const upgradeState = object<UpgradeState>({ from: string, to: string, stage: oneOf(UPGRADE_STAGES), steps: list(string), problems: list(string) });

/** As it is saved. */
export const savedShare = object<ShareBody>(SHARE);
export const sharedSocketState = nullable(object<SharedSocketState>({ ...SHARED, problem: nullable(string) }));
export const parseShareBody = checked('share request', exact<ShareBody>(SHARE));
export const parseWeightBody = checked('weight request', exact<WeightBody>(WEIGHT));
