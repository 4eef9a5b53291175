import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cpuBudget } from '../../src/system/cpu-budget.ts';

let root: string | undefined;
afterEach(() => {
  if (root !== undefined) rmSync(root, { recursive: true });
});

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';
const V1 =
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';
const G = 'sys/fs/cgroup';

interface Case {
  readonly name: string;
  readonly cgroup?: string;
  readonly mountinfo?: string;
  readonly files?: Record<string, string>;
  readonly parallelism?: number;
  readonly budget: number;
}

const cases: Case[] = [
  { name: 'no cgroup files', budget: 8 },
  { name: 'v2 without a limit', cgroup: '0::/a\n', mountinfo: V2, files: { [`${G}/a/cpu.max`]: 'max 100000\n' }, budget: 8 },
  { name: 'v2, own limit', cgroup: '0::/a/b\n', mountinfo: V2, files: { [`${G}/a/b/cpu.max`]: '200000 100000\n' }, budget: 2 },
  {
    name: 'v2, the smallest of all ancestors',
    cgroup: '0::/a/b/c\n',
    mountinfo: V2,
    files: { [`${G}/a/cpu.max`]: '300000 100000\n', [`${G}/a/b/cpu.max`]: 'max 100000\n', [`${G}/a/b/c/cpu.max`]: '600000 100000\n' },
    budget: 3,
  },
  { name: 'v2, at the top of the mount (a container)', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '150000 100000\n' }, budget: 2 },
  { name: 'v2, a sibling does not count', cgroup: '0::/a\n', mountinfo: V2, files: { [`${G}/b/cpu.max`]: '100000 100000\n' }, budget: 8 },
  { name: 'less than one CPU', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '20000 100000\n' }, budget: 1 },
  { name: 'exactly the quota', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '400000 100000\n' }, budget: 4 },
  { name: 'a little more than the quota is rounded up', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '400001 100000\n' }, budget: 5 },
  { name: 'another period', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '50000 10000\n' }, budget: 5 },
  { name: 'fewer CPUs than the quota', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '900000 100000\n' }, parallelism: 2, budget: 2 },
  { name: 'v2, above a namespace that cannot be seen', cgroup: '0::/../../x\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '300000 100000\n' }, budget: 3 },
  {
    name: 'v2, a part of the tree is mounted',
    cgroup: '0::/docker/abc/app\n',
    mountinfo: '30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n',
    files: { [`${G}/app/cpu.max`]: 'max 100000\n', [`${G}/cpu.max`]: '250000 100000\n' },
    budget: 3,
  },
  {
    name: 'a mount point with a blank',
    cgroup: '0::/a\n',
    mountinfo: '30 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n',
    files: { 'my groups/a/cpu.max': '100000 100000' },
    budget: 1,
  },
  {
    name: 'v1, cpu,cpuacct, an ancestor',
    cgroup: '5:memory:/m\n4:cpu,cpuacct:/a/b\n0::/\n',
    mountinfo: V1,
    files: {
      [`${G}/cpu,cpuacct/a/cpu.cfs_quota_us`]: '250000\n',
      [`${G}/cpu,cpuacct/a/cpu.cfs_period_us`]: '100000\n',
      [`${G}/cpu,cpuacct/a/b/cpu.cfs_quota_us`]: '-1\n',
      [`${G}/cpu,cpuacct/a/b/cpu.cfs_period_us`]: '100000\n',
    },
    budget: 3,
  },
  {
    name: 'v1 in docker without a namespace',
    cgroup: '4:cpuacct,cpu:/docker/abc\n',
    mountinfo: '32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n',
    files: { [`${G}/cpu,cpuacct/cpu.cfs_quota_us`]: '50000', [`${G}/cpu,cpuacct/cpu.cfs_period_us`]: '100000' },
    budget: 1,
  },
  {
    name: 'v1 and v2 side by side',
    cgroup: '4:cpu,cpuacct:/a\n0::/a\n',
    mountinfo: V1 + '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
    files: {
      [`${G}/cpu,cpuacct/a/cpu.cfs_quota_us`]: '700000',
      [`${G}/cpu,cpuacct/a/cpu.cfs_period_us`]: '100000',
      [`${G}/unified/a/cpu.max`]: '600000 100000',
    },
    budget: 6,
  },
  {
    name: 'cpuset is not cpu',
    cgroup: '3:cpuset:/a\n',
    mountinfo: '34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n',
    files: { [`${G}/cpuset/a/cpu.cfs_quota_us`]: '100', [`${G}/cpuset/a/cpu.cfs_period_us`]: '100' },
    budget: 8,
  },
  { name: 'nonsense', cgroup: 'nonsense\n0::\n', mountinfo: 'nonsense - \n- cgroup2\n', budget: 8 },
  { name: 'a quota of nothing', cgroup: '0::/\n', mountinfo: V2, files: { [`${G}/cpu.max`]: '0 100000' }, budget: 8 },
];

describe('cpuBudget', () => {
  it.each(cases)('$name', ({ cgroup, mountinfo, files = {}, parallelism = 8, budget }) => {
    root = mkdtempSync(join(tmpdir(), 'lb-cpu-'));
    const all = { ...files, ...(cgroup && { 'proc/self/cgroup': cgroup }), ...(mountinfo && { 'proc/self/mountinfo': mountinfo }) };
    for (const [name, content] of Object.entries(all)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
    expect(cpuBudget({ root, parallelism })).toBe(budget);
  });

  it('is a number of workers on this machine', () => {
    root = undefined;
    const budget = cpuBudget();
    expect(Number.isInteger(budget) && budget >= 1 && budget <= availableParallelism()).toBe(true);
  });
});
