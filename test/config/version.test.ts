import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, readVersion, sameVersion } from '../../config/version.ts';

describe('versions', () => {
  it.each([
    ['v1.2.3', { tag: 'v1.2.3', major: 1, minor: 2, patch: 3, prerelease: undefined }],
    ['1.2.3', { tag: 'v1.2.3', major: 1, minor: 2, patch: 3, prerelease: undefined }],
    ['v2.0.0-rc1', { tag: 'v2.0.0-rc1', major: 2, minor: 0, patch: 0, prerelease: 'rc1' }],
    [
      'v1.0.0-alpha.1.x-y',
      { tag: 'v1.0.0-alpha.1.x-y', major: 1, minor: 0, patch: 0, prerelease: 'alpha.1.x-y' },
    ],
  ])('%s is read', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  it.each([
    ['', 'is empty'],
    ['v1.2', 'needs three numbers: major, minor, patch'],
    ['1', 'needs three numbers: major, minor, patch'],
    ['v1.2.3.4', 'has more than three numbers'],
    ['v1.02.3', 'has a number with a leading zero'],
    ['v1.2.3-01', 'has a number with a leading zero'],
    ['V1.2.3', 'starts with a capital V'],
    [' v1.2.3', 'has white space around it'],
    ['v1.2.3\n', 'has white space around it'],
    ['v1.2.3+build5', 'has build metadata (`+…`), which image tags cannot carry'],
    ['latest', 'is no semantic version'],
    ['main', 'is no semantic version'],
    ['v1.2.3-', 'is no semantic version'],
    ['v1.2.3;rm -rf', 'is no semantic version'],
    [`v1.2.3-${'a'.repeat(200)}`, 'is longer than 128 characters, which no image tag may be'],
    ['v99999999999999999999.0.0', 'is no semantic version'],
  ])('%j is refused: %s', (text, reason) => {
    expect(() => parseVersion(text, 'sluice:version')).toThrow(
      expect.objectContaining({
        exit: 2,
        problems: [
          expect.objectContaining({ path: 'sluice:version', reason, allowed: 'v1.2.3 or v2.0.0-rc1' }),
        ],
      }),
    );
  });

  it('are the same with and without the v', () => {
    expect(sameVersion('v1.2.3', '1.2.3')).toBe(true);
    expect(sameVersion('v2.0.0-rc1', '2.0.0-rc1')).toBe(true);
    expect(sameVersion('v1.2.3', '1.2.4')).toBe(false);
    expect(sameVersion('vv1.2.3', '1.2.3')).toBe(false);
  });

  it('are ordered as semantic versioning has it', () => {
    const inOrder = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
    ];
    inOrder.push('1.0.0-rc.1', '1.0.0', '1.0.1', '1.1.0', '2.0.0', '10.0.0');
    const shuffled = inOrder.toReversed().flatMap((text) => readVersion(text) ?? []);
    expect(shuffled.sort(compareVersions).map((v) => v.tag)).toEqual(inOrder.map((text) => `v${text}`));
  });
});
