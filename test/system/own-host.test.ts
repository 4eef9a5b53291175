import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isOwnHost } from '../../src/system/own-host.ts';

const accepts = (header: string | undefined): boolean => isOwnHost(header, ['Metrics.internal'], 'Web-1');

it.each(['127.0.0.1:9615', '10.1.2.3', '[::1]:9615', '[2001:db8::1]', 'localhost', 'LOCALHOST:80', 'web-1:9615', 'WEB-1.', 'metrics.internal:9615'])(
  '%s names this machine',
  (header) => expect(accepts(header)).toBe(true),
);

it.each([
  undefined,
  '',
  ':9615',
  'evil.example:9615',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'web-1.evil.example',
  'a@127.0.0.1',
  '[evil.example]',
  '[::1].evil.example',
  'metrics.internal.evil.example',
])('%s does not', (header) => expect(accepts(header)).toBe(false));

it('knows the name of this machine', () => expect(isOwnHost(hostname())).toBe(true));
