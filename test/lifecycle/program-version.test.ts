import { expect, it } from 'vitest';
import { describePrograms, versionOfProgram } from '../../src/lifecycle/program-version.ts';

const [OLD, NEW, OTHER] = ['0.1.0-aaaaaaaaaaaa', '0.2.0-rc.1-bbbbbbbbbbbb', '0.1.0-cccccccccccc'];

it('reads the version in the id of a build', () => {
  expect([OLD, NEW, '1.0.0'].map(versionOfProgram)).toEqual(['0.1.0', '0.2.0-rc.1', '1.0.0']);
});

it('says what differs, and nothing if nothing does or is known', () => {
  expect(describePrograms(OLD, OLD, [{ name: 'api', program: OLD }, { name: 'stopped' }])).toEqual([]);
  expect(describePrograms(null, undefined, [{ name: 'api', program: OLD }])).toEqual([]);
  expect(describePrograms(NEW, OLD, [{ name: 'api', program: OLD }])).toEqual([
    'the daemon runs lb 0.1.0, this is lb 0.2.0-rc.1: "lb upgrade" replaces it, and nothing that it serves is dropped',
  ]);
  expect(
    describePrograms(NEW, NEW, [
      { name: 'api', program: OLD },
      { name: 'web', program: OLD },
    ]),
  ).toEqual(['api, web: still on lb 0.1.0; "lb upgrade" tries again']);
});

it('tells two builds of one version apart by their hashes', () => {
  expect(describePrograms(OTHER, OLD, [])[0]).toContain(`the daemon runs lb ${OLD}, this is lb ${OTHER}`);
});
