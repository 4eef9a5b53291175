import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlan, type ApplyRules, type ApplyStep, type PresentApp, type WantedApps } from '../../src/lifecycle/apply-plan.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { APP_STATES, isEnded } from '../../src/lifecycle/states.ts';
import { sampleSpec } from './sample-spec.ts';

const FILE = '/srv/lb.config.js';
const RULES: ApplyRules = { prune: true, reloadAll: false, hasOtherEnv: () => false, isSameFile: (a, b) => a === b };
const SCALE = { on: true, min: 1, max: 9, target: { metric: 'elu', value: 0.5 }, upCooldownMs: 1, downCooldownMs: 1 } as const;

const origin = fc.record({ file: fc.constantFrom(FILE, '/srv/other/lb.config.js', null), project: fc.constant(null) });
const definition = fc
  .record({ digest: fc.constantFrom('a', 'b'), named: fc.boolean(), instances: fc.integer({ min: 1, max: 3 }), scale: fc.constantFrom(null, SCALE), origin })
  .map(({ digest, named, instances, ...rest }) => ({ ...rest, instances, declared: { digest, instances: named ? instances : null, env: [], umask: false } }));
const named = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<readonly (readonly [string, T])[]> =>
  fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), value), { selector: ([name]) => name });

const wantedApps: fc.Arbitrary<WantedApps> = named(fc.tuple(definition, fc.boolean(), fc.boolean(), fc.boolean())).map((all) => ({
  file: FILE,
  specs: all.map(([name, [given, autorestart, autostart]]) =>
    sampleSpec({ ...given, name, autorestart, autostart, origin: { file: FILE, project: null, name } }),
  ),
  names: all.map(([name]) => name),
}));
const presentApps: fc.Arbitrary<readonly PresentApp[]> = named(fc.tuple(definition, fc.constantFrom(...APP_STATES))).map((all) =>
  all.map(([name, [given, state]]) => ({ state, spec: { name, dependsOn: [], ...given } })),
);

/** What runs when all steps are done. */
function after(steps: readonly ApplyStep[], present: readonly PresentApp[]): readonly PresentApp[] {
  const apps = new Map(present.map((app) => [app.spec.name, app]));
  for (const step of steps) {
    const app = apps.get(step.app);
    if (step.do === 'delete') apps.delete(step.app);
    else if (step.do === 'start') apps.set(step.app, { state: step.spec.autostart ? 'online' : 'stopped', spec: step.spec });
    else if (step.do === 'reload') apps.set(step.app, { state: 'online', spec: step.spec });
    else if (step.do === 'scale' && app !== undefined) apps.set(step.app, { ...app, spec: { ...app.spec, instances: step.to } });
  }
  return [...apps.values()];
}

describe('applyPlan', () => {
  it('does nothing the second time', () => {
    fc.assert(
      fc.property(wantedApps, presentApps, (wanted, present) => {
        const now = after(applyPlan(wanted, present, RULES), present);
        expect(applyPlan(wanted, now, RULES).map((step) => step.do)).toEqual(wanted.specs.map(() => 'keep'));
      }),
    );
  });

  it('prunes what came from this file and is not in it, never anything else', () => {
    fc.assert(
      fc.property(wantedApps, presentApps, fc.boolean(), (wanted, present, prune) => {
        const deleted = applyPlan(wanted, present, { ...RULES, prune }).flatMap((step) => (step.do === 'delete' ? [step.app] : []));
        const ofFile = present.filter(({ spec }) => spec.origin?.file === FILE).map(({ spec }) => spec.name);
        expect(deleted.toSorted()).toEqual(prune ? ofFile.filter((name) => !wanted.names.includes(name)).toSorted() : []);
      }),
    );
  });

  it('touches each app of the file once and in its order, and no other but to delete it', () => {
    fc.assert(
      fc.property(wantedApps, presentApps, (wanted, present) => {
        const steps = applyPlan(wanted, present, RULES).filter((step) => step.do !== 'delete');
        expect(steps.map((step) => step.app)).toEqual(wanted.names);
        for (const step of steps) {
          const app = present.find(({ spec }) => spec.name === step.app);
          if (step.do === 'start') expect(app === undefined || isEnded(app.state)).toBe(true);
          if (step.do === 'reload' || step.do === 'scale') expect(app !== undefined && !isEnded(app.state)).toBe(true);
        }
      }),
    );
  });

  const spec = sampleSpec({ origin: { file: FILE, project: null, name: 'api' } });
  const present = (changes: Partial<AppSpec> = {}, state: PresentApp['state'] = 'online'): PresentApp => ({ state, spec: { ...spec, ...changes } });
  const stepOf = (app: PresentApp, wanted: AppSpec = spec, rules: Partial<ApplyRules> = {}): ApplyStep | undefined =>
    applyPlan({ file: FILE, specs: [wanted], names: ['api'] }, [app], { ...RULES, ...rules })[0];

  it('scales what differs only in the number that the file names', () => {
    expect(stepOf(present({ instances: 7 }))).toEqual({ do: 'scale', app: 'api', from: 7, to: 2 });
    const unnamed = { ...spec, declared: { digest: 'a1b2c3', instances: null, env: [], umask: false } };
    expect(stepOf(present({ instances: 7 }), unnamed)).toEqual({ do: 'keep', app: 'api' });
    expect(stepOf(present({ instances: 7, scale: SCALE }), { ...spec, scale: SCALE })).toEqual({ do: 'keep', app: 'api' });
  });

  it('reloads what is declared otherwise, with the number of workers that was set by hand if the file names none', () => {
    const changed = { ...spec, declared: { digest: 'other', instances: null, env: [], umask: false } };
    expect(stepOf(present({ instances: 7 }), changed)).toMatchObject({ do: 'reload', because: 'definition', spec: { instances: 7 } });
    expect(stepOf(present({ declared: null }))).toMatchObject({ do: 'reload', because: 'definition', spec: { instances: 2 } });
    expect(stepOf(present(), spec, { reloadAll: true })).toMatchObject({ do: 'reload', because: 'asked' });
    expect(stepOf(present(), spec, { hasOtherEnv: () => true })).toMatchObject({ do: 'reload', because: 'environment' });
  });

  it('starts what has ended, but no job that is done and nothing that waits for the operator', () => {
    expect(stepOf(present({}, 'stopped'))).toMatchObject({ do: 'start' });
    expect(stepOf(present({}, 'errored'), { ...spec, autorestart: false })).toMatchObject({ do: 'start' });
    expect(stepOf(present({}, 'stopped'), { ...spec, autorestart: false })).toMatchObject({ do: 'keep' });
    expect(stepOf(present({}, 'stopped'), { ...spec, autostart: false })).toMatchObject({ do: 'keep' });
    expect(stepOf(present({ declared: null }, 'stopped'), { ...spec, autostart: false })).toMatchObject({ do: 'start' });
    expect(stepOf(present({}, 'waiting'))).toMatchObject({ do: 'keep' });
  });

  it('keeps what has another name than in the file', () => {
    const other = { state: 'online', spec: { ...spec, name: 'api-live' } } as const;
    expect(applyPlan({ file: FILE, specs: [], names: ['api'] }, [other], RULES)).toEqual([]);
    expect(applyPlan({ file: FILE, specs: [], names: ['web'] }, [other], RULES)).toEqual([{ do: 'delete', app: 'api-live' }]);
    expect(applyPlan({ file: null, specs: [], names: [] }, [{ state: 'online', spec: { ...spec, origin: { file: null, project: null } } }], RULES)).toEqual([]);
  });
});
