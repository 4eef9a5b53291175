import { expect, it } from 'vitest';
import { appRoute, hrefOf, parseRoute, type Route } from '../../../src/dashboard/web/route.ts';

it.each<Route>([
  { view: 'apps' },
  appRoute('api'),
  { view: 'app', app: 'a.b_c-d', range: '24h', measure: 'elu' },
  { view: 'app', app: 'a?b', range: '2h', measure: 'cpu' },
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

it('keeps what was chosen in the link, and nothing else', () => {
  expect(hrefOf(appRoute('api'))).toBe('#/apps/api');
  expect(hrefOf({ ...appRoute('api'), range: '2h', measure: 'p95' })).toBe('#/apps/api?range=2h&measure=p95');
  expect(parseRoute('#/apps/api?range=3h&measure=constructor')).toEqual(appRoute('api'));
});
