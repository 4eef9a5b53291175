import { describe, expect, it } from 'vitest';
import { chooseHome, homePlaces, type HomeLook } from '../../src/system/home-table.ts';

const OURS: HomeLook = { state: 'ours', writable: true, inhabited: false };
const IN_USE: HomeLook = { ...OURS, inhabited: true };
const READ_ONLY: HomeLook = { ...IN_USE, writable: false };
const ABSENT: HomeLook = { state: 'absent' };
const UNUSABLE: HomeLook = { state: 'unusable', reason: '/ is not writable' };
const UNSAFE: HomeLook = { state: 'unsafe', reason: 'other users can write to it', repair: 'chmod go-w it', isThere: true };

const [OWN, RUNTIME, SHM, TMP] = ['/home/a/.lb', '/run/user/7/lb', '/dev/shm/lb-7', '/tmp/lb-7'] as const;
const TABLE = homePlaces({ given: null, own: OWN, uid: 7 });

function choose(looks: Readonly<Record<string, HomeLook>>, places = TABLE): unknown {
  const chosen = chooseHome(places, (path) => looks[path] ?? UNUSABLE);
  return 'refused' in chosen ? chosen : chosen.path;
}

describe('the places', () => {
  it('are one table', () => expect(TABLE.map(({ path }) => path)).toEqual([OWN, RUNTIME, SHM, TMP]));
  it('are only that of LB_HOME where it is given', () => expect(homePlaces({ given: '/srv', own: OWN, uid: 7 })).toEqual([{ path: '/srv', kind: 'given' }]));
  it('do not need a home directory', () => expect(homePlaces({ given: null, own: null, uid: 7 })[0]?.path).toBe(RUNTIME));
});

describe('the home', () => {
  it.each<[string, Readonly<Record<string, HomeLook>>, string]>([
    ['is the own one, made if need be', { [OWN]: ABSENT, [TMP]: ABSENT }, OWN],
    ['is the own one that is there', { [OWN]: OURS, [TMP]: OURS }, OWN],
    ['is where a daemon has been', { [OWN]: ABSENT, [SHM]: IN_USE }, SHM],
    ['is the first of those', { [OWN]: IN_USE, [SHM]: IN_USE }, OWN],
    ['is the next where nothing can be written', { [OWN]: READ_ONLY, [SHM]: ABSENT }, SHM],
    ['is the next where there is no home directory', { [SHM]: ABSENT, [TMP]: ABSENT }, SHM],
    ['is the next where none could be made safely', { [OWN]: { ...UNSAFE, isThere: false }, [SHM]: ABSENT }, SHM],
    ['is the next where another user has taken the name', { [SHM]: UNSAFE, [TMP]: ABSENT }, TMP],
  ])('%s', (_, looks, path) => expect(choose(looks)).toBe(path));

  it('says which places were passed over, and why', () => {
    const chosen = chooseHome(TABLE, (path) => (path === TMP ? ABSENT : path === SHM ? UNSAFE : path === OWN ? READ_ONLY : UNUSABLE));
    expect(chosen).toEqual({
      path: TMP,
      isNew: true,
      isInhabited: false,
      passedOver: [`${OWN}: it is read-only`, `${RUNTIME}: / is not writable`, `${SHM}: other users can write to it`],
    });
  });

  it('is never left for another one because others can write to it', () => {
    expect(choose({ [OWN]: UNSAFE, [SHM]: IN_USE })).toEqual({ path: OWN, refused: 'other users can write to it', repair: 'chmod go-w it' });
  });

  it('is the given one or none, even if it cannot be written', () => {
    const given = homePlaces({ given: '/srv', own: OWN, uid: 7 });
    expect(choose({ '/srv': READ_ONLY }, given)).toBe('/srv');
    expect(choose({ '/srv': UNUSABLE, [OWN]: IN_USE }, given)).toBe('/srv');
    expect(choose({ '/srv': UNSAFE }, given)).toMatchObject({ refused: 'other users can write to it' });
  });

  it('is nowhere if no place can be used', () => {
    expect(choose({})).toEqual({ path: OWN, refused: TABLE.map(({ path }) => `${path}: / is not writable`).join('; '), repair: null });
  });
});
