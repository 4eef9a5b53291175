import { describe, expect, it } from 'vitest';
import { EVENT_OPTIONS } from '../../src/config/options/events.ts';
import { readApp } from '../../src/config/read-values.ts';

const { kind } = EVENT_OPTIONS.on_event;
const NONE = { run: null, url: null, kinds: null, severity: null };

const problemsOf = (on_event: unknown): string[] =>
  readApp({ name: 'api', script: 's.js', on_event }, 'lb.config.json', 'apps[0]').problems.map(({ message }) => message);

describe('on_event', () => {
  it.each([
    [false, null],
    [{ run: './notify.sh "x"' }, { ...NONE, run: './notify.sh "x"' }],
    [{ run: ['notify', ''] }, { ...NONE, run: ['notify', ''] }],
    [
      { url: 'https://hooks.example/a?b=1', kinds: ['exit', 'not-ready'], severity: 'error' },
      { ...NONE, url: 'https://hooks.example/a?b=1', kinds: ['exit', 'not-ready'], severity: 'error' },
    ],
  ])('reads %j', (raw, value) => {
    expect(kind.parse(raw)).toEqual({ value });
    expect(problemsOf(raw)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [true, 'apps[0].on_event: expected an object with run, url, kinds, severity, or false, got true'],
    ['x', 'apps[0].on_event: expected an object with run, url, kinds, severity, or false, got "x"'],
    [{}, 'apps[0].on_event: expected an object with run or url, got neither'],
    [{ kinds: ['exit'] }, 'apps[0].on_event: expected an object with run or url, got neither'],
    [{ run: '' }, 'apps[0].on_event.run: expected a command'],
    [{ run: [] }, 'apps[0].on_event.run: expected a command'],
    [{ run: ['sh', 7] }, 'apps[0].on_event.run: expected a command'],
    [{ url: 'hooks.example' }, 'apps[0].on_event.url: expected a URL with http:// or https://'],
    [{ url: 'ftp://hooks.example' }, 'apps[0].on_event.url: expected a URL with http:// or https://'],
    [{ url: 'http://' }, 'apps[0].on_event.url: expected a URL with http:// or https://'],
    [{ run: 'x', kinds: 'exit' }, 'apps[0].on_event.kinds: expected a list of start, ready'],
    [{ run: 'x', kinds: ['exit', 'exitt'] }, 'apps[0].on_event.kinds[1]: expected one of start, ready'],
    [{ run: 'x', kinds: ['exit', 'exitt'] }, 'got "exitt", did you mean "exit"?'],
    [{ run: 'x', kinds: [7] }, 'hook-failed, got 7'],
    [{ run: 'x', severity: 'fatal' }, 'apps[0].on_event.severity: expected one of info, warn, error'],
    [{ run: 'x', urls: 'y' }, 'apps[0].on_event.urls: expected one of run, url, kinds, severity'],
  ])('refuses %j', (raw, problem) => expect(problemsOf(raw)).toEqual([expect.stringContaining(problem)]));
});
