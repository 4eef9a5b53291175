import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { formatSteps } from './plan.ts';

const parse = (...args: string[]) => parseOptions(args, 5);

describe('the options of a chaos run', () => {
  it('name what repeats the run', () => {
    expect(parse().words).toEqual(['--seed', '5']);
    expect(parse('--seed', '7', '--without', 'balloon', '--minutes', '3').words).toEqual(['--seed', '7', '--without', 'balloon']);
  });

  it('bound it by time, by steps, or by what is replayed', () => {
    expect(parse()).toMatchObject({ maxMs: 120_000, maxSteps: Infinity });
    expect(parse('--minutes', '0.5')).toMatchObject({ maxMs: 30_000, maxSteps: Infinity });
    expect(parse('--steps', '9')).toMatchObject({ maxMs: Infinity, maxSteps: 9 });
    expect(parse('--steps', '9', '--minutes', '1')).toMatchObject({ maxMs: 60_000, maxSteps: 9 });
    const { steps, maxMs } = parse('--replay', 'kill-daemon; reload plain');
    expect([formatSteps([...steps]), maxMs]).toEqual(['kill-daemon; reload plain', Infinity]);
  });

  it('choose kinds', () => {
    expect(parse('--only', 'reload,kill-daemon').kinds).toEqual(['reload', 'kill-daemon']);
    expect(parse('--without', 'reload').kinds).not.toContain('reload');
  });

  it.each([
    [['--seed', 'x'], '--seed: expected a whole number, got "x"'],
    [['--minutes', '0'], '--minutes: expected a number above 0, got "0"'],
    [['--only', 'explode'], 'no kind "explode"'],
    [['--only', 'reload', '--without', 'reload'], '--without leaves no kind'],
    [['--replay', 'reload'], 'reload: expected one of'],
  ])('say what is wrong with %j', (args, problem) => {
    expect(() => parse(...args)).toThrow(problem);
  });
});
