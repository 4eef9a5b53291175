import { expect, it } from 'vitest';
import { hrefOf, parseRoute, type Route } from '../../../src/dashboard/web/route.ts';

it.each<Route>([
  { view: 'apps' },
  { view: 'app', app: 'api' },
  { view: 'app', app: 'a.b_c-d' },
  { view: 'logs', app: null, slot: null },
  { view: 'logs', app: 'api', slot: null },
  { view: 'logs', app: 'api', slot: 0 },
])('%j is what its link leads to', (route) => {
  expect(parseRoute(hrefOf(route))).toEqual(route);
});

it.each(['', '#', '#/apps', '#/nowhere/api', '#/%'])('%j shows all apps', (hash) => {
  expect(parseRoute(hash)).toEqual({ view: 'apps' });
});

it('takes what is no slot for all workers', () => {
  expect(parseRoute('#/logs/api/-1')).toEqual({ view: 'logs', app: 'api', slot: null });
});
