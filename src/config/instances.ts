import { MAX_INSTANCES } from '../lifecycle/app-spec.ts';

/** The number of workers asked for as a number: `max` is the CPU budget, a negative number that many less, never under 1. */
export function countInstances(wanted: number | 'max', cpuBudget: number): number {
  if (wanted === 'max') return Math.min(MAX_INSTANCES, Math.max(1, cpuBudget));
  return wanted > 0 ? wanted : Math.max(1, cpuBudget + wanted);
}
