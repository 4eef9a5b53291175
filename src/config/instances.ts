import { MAX_INSTANCES } from '../lifecycle/app-spec.ts';

/** Resolves a number of workers: `max` is the CPU budget, a negative number is that many fewer; at least 1. */
export function countInstances(wanted: number | 'max', cpuBudget: number): number {
  if (wanted === 'max') return Math.min(MAX_INSTANCES, Math.max(1, cpuBudget));
  return wanted > 0 ? wanted : Math.max(1, cpuBudget + wanted);
}
