import { expect, it } from 'vitest';
import { appUser, variablesOf, type Users } from '../../src/config/app-user.ts';

const WWW = { uid: 33, gid: 33, name: 'www-data', home: '/var/www' };
const ROOT = { uid: 0, gid: 0, name: 'root', home: '/root' };

const usersOf = (uid: number): Users => ({
  own: { uid, gid: uid },
  user: (wanted) => [WWW, ROOT].find((each) => each.name === wanted || each.uid === wanted) ?? null,
  group: (wanted) => (wanted === 'tape' ? 26 : null),
  homeOf: () => '/var/lib/lb',
});

it('a user by name or number, with the group of the user unless another one is named', () => {
  const asked = [{}, { uid: 'www-data' }, { uid: 33 }, { uid: 33, gid: 'tape' }, { uid: 33, gid: 5 }, { gid: 'tape' }, { uid: 4_711 }, { uid: 4_711, gid: 5 }];
  expect(asked.map((each) => appUser(each, usersOf(0)))).toEqual([
    null,
    WWW,
    WWW,
    { ...WWW, gid: 26 },
    { ...WWW, gid: 5 },
    { ...ROOT, gid: 26 },
    { uid: 4_711, gid: 4_711, name: null, home: null },
    { uid: 4_711, gid: 5, name: null, home: null },
  ]);
});

it('names that do not exist are errors, never another user', () => {
  expect(appUser({ uid: 'nobody-else' }, usersOf(0))).toMatchObject({ key: 'uid', got: '"nobody-else", which does not exist' });
  expect(appUser({ uid: 33, gid: 'nothing' }, usersOf(0))).toMatchObject({ key: 'gid', got: '"nothing", which does not exist' });
});

it('only root may choose: others may name themselves', () => {
  expect([{ uid: 33 }, { uid: 'www-data', gid: 33 }, { gid: 33 }, { uid: null, gid: null }].map((each) => appUser(each, usersOf(33)))).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(appUser({ uid: 'root' }, usersOf(0))).toBeNull();
  expect([{ uid: 0 }, { uid: 'root', gid: 33 }, { uid: 4_711 }].map((each) => appUser(each, usersOf(33)))).toMatchObject([
    { key: 'uid' },
    { key: 'uid' },
    { key: 'uid' },
  ]);
  expect([{ gid: 26 }, { uid: 33, gid: 'tape' }].map((each) => appUser(each, usersOf(33)))).toMatchObject([{ key: 'gid' }, { key: 'gid' }]);
});

it('has the variables of a login, and none that it would inherit from root', () => {
  expect(Object.fromEntries(variablesOf(WWW))).toEqual({ HOME: '/var/www', USER: 'www-data', LOGNAME: 'www-data' });
  expect(Object.fromEntries(variablesOf({ uid: 5, gid: 5, name: null, home: null }))).toEqual({ HOME: '/', USER: null, LOGNAME: null });
  expect([...variablesOf(null)]).toEqual([]);
});
