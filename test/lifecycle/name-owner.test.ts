import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedName } from '../../src/lifecycle/app-name.ts';
import type { DefinitionOrigin } from '../../src/lifecycle/app-spec.ts';
import { mayReplace, otherName, placeOf, type Claim } from '../../src/lifecycle/name-owner.ts';

const isSame = (a: string, b: string): boolean => a === b;

/** `index.js` of a directory. */
const claim = (cwd: string, origin: Partial<DefinitionOrigin> | null = {}, script = `${cwd}/index.js`): Claim => ({
  name: 'index',
  script,
  cwd,
  origin: origin === null ? null : { file: null, project: null, ...origin },
});

describe('a name belongs to', () => {
  it('a script in a directory', () => {
    expect(mayReplace(claim('/a'), claim('/a'), isSame)).toBe(true);
    expect(mayReplace(claim('/a'), claim('/b'), isSame)).toBe(false);
    expect(mayReplace(claim('/a'), claim('/a', {}, '/a/other.js'), isSame), 'another script').toBe(false);
    expect(mayReplace(claim('/a', {}, '/opt/tool.js'), claim('/b', {}, '/opt/tool.js'), isSame), 'another directory').toBe(false);
    expect(mayReplace(claim('/a', { project: 'shop' }), claim('/b', { project: 'shop' }), isSame), 'a second copy of a project').toBe(false);
  });

  it('a config file, whatever it says', () => {
    const file = '/a/lb.config.js';
    expect(mayReplace(claim('/a', { file }), claim('/a/build', { file }, '/a/build/server.js'), isSame)).toBe(true);
    expect(mayReplace(claim('/a'), claim('/a', { file }, '/a/server.js'), isSame), 'written later, beside the script').toBe(true);
    expect(mayReplace(claim('/home'), claim('/a', { file }, '/home/index.js'), isSame), 'written later, for the same script').toBe(true);
    expect(mayReplace(claim('/a', { file }), claim('/b', { file: '/b/lb.config.js' }), isSame)).toBe(false);
  });

  it('the config file of the next release of a package', () => {
    const release = (n: number, project: string | null): Claim => claim(`/releases/${n}`, { file: `/releases/${n}/lb.config.js`, project });
    expect(mayReplace(release(1, 'shop'), release(2, 'shop'), isSame)).toBe(true);
    expect(mayReplace(release(1, 'shop'), release(2, 'blog'), isSame)).toBe(false);
    expect(mayReplace(release(1, null), release(2, null), isSame)).toBe(false);
  });

  it('whoever names it in a config file, if an older version saved it', () => {
    expect(mayReplace(claim('/a', null), claim('/b', { file: '/b/lb.config.js' }), isSame)).toBe(true);
    expect(mayReplace(claim('/a', null), claim('/b'), isSame)).toBe(false);
  });
});

it('says where two apps are', () => {
  expect(placeOf(claim('/a'), claim('/b'))).toBe('/a/index.js');
  expect(placeOf(claim('/a', {}, '/opt/x.js'), claim('/b', {}, '/opt/x.js'))).toBe('/opt/x.js in /a');
});

describe('another name', () => {
  const free = (): boolean => false;

  it('is that of the package, the directory, or a number', () => {
    expect(otherName(claim('/srv/b', { project: '@acme/shop' }), free)).toBe('shop');
    expect(otherName(claim('/srv/b'), free)).toBe('b');
    expect(otherName(claim('/srv/my (old) shop'), free)).toBe('my-old-shop');
    expect(otherName(claim('/srv/b'), (name) => name === 'b')).toBe('b-index');
    expect(otherName(claim('/'), free)).toBe('index-2');
  });

  it('is always a valid one that is not taken', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.option(fc.string()), fc.array(fc.string()), (directory, project, taken) => {
        const name = otherName(claim(`/${directory}`, { project }), (word) => taken.includes(word));
        expect(expectedName(name)).toBeUndefined();
        expect(taken).not.toContain(name);
      }),
    );
  });
});
