import { describe, expect, it } from 'vitest';
import { inspectorArguments, InspectorPaths, inspectorPort } from '../../../src/primary/workers/inspector.ts';

const PORT = '--inspect-port=0';
const SECRET = '--inspect-publish-uid=stderr';

describe('the options for the inspector', () => {
  it.each([
    ['nothing', [], undefined, [PORT, SECRET]],
    ['other options', ['--max-old-space-size=64', '--title=--inspect'], '--enable-source-maps', [PORT, SECRET]],
    ['its port', ['--inspect-port=9300'], undefined, [SECRET]],
    ['its port, by another name and in the environment', [], '--trace-warnings --debug_port=9300', [SECRET]],
    ['how it is found', [], '--inspect-publish-uid=http', [PORT]],
    ['that it is open', ['--inspect'], undefined, []],
    ['that it is open and where', [], '--inspect-brk=127.0.0.1:9300', []],
    ['that it is open and waits', ['--inspect-wait=0'], undefined, []],
  ])('of an app that sets %s', (_, nodeArgs, options, expected) => {
    const env: Record<string, string> = options === undefined ? {} : { NODE_OPTIONS: options };
    expect(inspectorArguments({ nodeArgs, env })).toEqual(expected);
  });
});

describe('the port of the inspector of a cluster worker', () => {
  it.each([
    [[], '', [], 0],
    [['--inspect'], '', [], 9229],
    [['--inspect'], '', [9229, 9230], 9231],
    [['--inspect=9400'], '', [], 9400],
    [['--inspect=127.0.0.1:9400'], '', [9400, 9402], 9401],
    [['--inspect=[::1]:9400'], '', [9400], 9401],
    [['--inspect=localhost'], '', [9229], 9230],
    [['--inspect=0'], '', [0], 0],
    [['--inspect-port=9400'], '', [9400], 9401],
    [['--inspect=9400'], '--inspect=9500', [9400], 9401],
    [['--inspect', '--debug_port=9400'], '', [9400], 9401],
    [['--inspect=65535'], '', [65_535], 65_535],
  ])('with %j and NODE_OPTIONS %j, beside %j, is %i', (nodeArgs, NODE_OPTIONS, taken, port) => {
    expect(inspectorPort({ nodeArgs, env: { NODE_OPTIONS } }, new Set(taken))).toBe(port);
  });
});

describe('the path of an inspector', () => {
  const line = (port: number, path: string): Buffer => Buffer.from(`Debugger listening on ws://127.0.0.1:${port}/${path}\nFor help, see: …\n`);

  it('is the one printed last for its port', () => {
    const paths = new InspectorPaths();
    expect(paths.at(9_300)).toBeNull();
    paths.read(Buffer.concat([Buffer.from('the app prints half a line '), line(9_300, 'a-1'), line(9_301, 'b')]));
    paths.read(line(9_300, 'a-2'));
    paths.read(Buffer.from('Debugger listening on ws://127.0.0.1:9302/c and so on\n'));
    expect([paths.at(9_300), paths.at(9_301), paths.at(9_302)]).toEqual(['a-2', 'b', null]);
  });

  it('is not remembered for ever: the app may print such lines itself', () => {
    const paths = new InspectorPaths();
    paths.read(Buffer.concat(Array.from({ length: 1_000 }, (_, index) => line(index + 1, 'x'))));
    expect([paths.at(1), paths.at(1_000)]).toEqual([null, 'x']);
  });
});
