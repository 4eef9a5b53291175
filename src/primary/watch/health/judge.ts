import type { CheckResult } from '../../../balancing/active-check.ts';
import type { HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { ProbeAnswer } from './ask.ts';

/** As in Kubernetes a redirect is not followed, and its status counts; one to another place is named. */
export function judge(answer: ProbeAnswer | null, { expect }: Pick<HealthCheckSpec, 'expect'>, tookMs: number): CheckResult {
  if (answer === null) return { ok: true, tookMs };
  const { status, redirect } = answer;
  const note = redirect === null ? null : `redirects to ${redirect}`;
  if (!expect.some(([from, to]) => status >= from && status <= to)) return { ok: false, reason: [`status ${status}`, note ?? []].flat().join(', ') };
  return { ok: true, tookMs, ...(note === null ? {} : { note }) };
}
