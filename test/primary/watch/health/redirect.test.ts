import { expect, it } from 'vitest';
import { readHead } from '../../../../src/primary/watch/health/http-answer.ts';
import { redirectElsewhere } from '../../../../src/primary/watch/health/redirect.ts';

it.each([
  ['/login', null],
  ['http://shop.example/login', null],
  ['http://shop.example:8080/login', null],
  ['https://shop.example/healthz?token=secret', 'https://shop.example/healthz'],
  ['//other.example/', 'http://other.example/'],
  ['http://user:word@other.example/', 'http://other.example/'],
  ['http://[', null],
  [null, null],
])('of http://shop.example/healthz to %s', (location, elsewhere) => {
  expect(redirectElsewhere(302, location, 'http://shop.example/healthz')).toBe(elsewhere);
});

it('is a status of 3xx, and is shown with bounded length', () => {
  expect(redirectElsewhere(201, 'https://other.example/', 'http://a/')).toBeNull();
  expect(redirectElsewhere(301, `https://other.example/${'x'.repeat(500)}`, 'http://a/')).toHaveLength(121);
});

it.each([
  ['HTTP/1.1 200 OK\r\n', { status: 200, location: null }],
  ['HTTP/1.1 301 Moved\r\nA: b\r\nLocation:  https://a/ \r\n\r\nbody', { status: 301, location: 'https://a/' }],
  ['HTTP/1.1 301 Moved\r\nLocation: https://a/\r\n', null],
  ['HTTP/1.1 304 Not Modified\r\n\r\nlocation: x', { status: 304, location: null }],
  ['HTTP/1.1 103 Early Hints\r\nLocation: /a\r\n\r\nHTTP/1.1 404 Not Found\r\n', { status: 404, location: null }],
  ['HTTP/1.1 103 Early', null],
  ['SSH-2.0\r\n', 'malformed'],
] as const)('reads the head %j', (text, head) => {
  expect(readHead(text)).toEqual(head);
});
