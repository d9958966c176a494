import { badInput } from '../lib/errors.ts';

/** A version as a tag names it: `v1.2.3`, `v2.0.0-rc1`. Semantic versioning; build metadata (`+…`) is no part of a tag's name. */
export interface Version {
  /** Always with the `v`: the tag and the image tag. */
  readonly tag: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `rc1` of `v2.0.0-rc1`; undefined for a full release. */
  readonly prerelease: string | undefined;
}

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const SEMVER = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?$`);
/** Docker tags end at 128 characters. */
const LONGEST = 128;

/** Reads `v1.2.3` or `1.2.3`; undefined when it is neither. */
export const readVersion = (text: string): Version | undefined => {
  const match = text.length <= LONGEST ? SEMVER.exec(text) : null;
  if (!match) return undefined;
  const [, major = '', minor = '', patch = '', prerelease] = match;
  const parts = { major: Number(major), minor: Number(minor), patch: Number(patch) };
  if (!Object.values(parts).every(Number.isSafeInteger)) return undefined;
  return { tag: text.startsWith('v') ? text : `v${text}`, ...parts, prerelease };
};

/** Reads a version or throws bad input (exit 2) that says what is wrong with it. `path` names where it came from. */
export const parseVersion = (text: string, path = 'version'): Version => {
  const version = readVersion(text);
  if (version) return version;
  throw badInput(`${path} is no version that can be deployed`, [
    {
      path,
      reason: defect(text),
      got: JSON.stringify(text.slice(0, LONGEST)),
      allowed: 'v1.2.3 or v2.0.0-rc1',
    },
  ]);
};

const defect = (text: string): string => {
  if (text === '') return 'is empty';
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters, which no image tag may be`;
  if (text !== text.trim()) return 'has white space around it';
  if (/^v?\d+(\.\d+)?$/.test(text)) return 'needs three numbers: major, minor, patch';
  if (/^v?\d+(\.\d+){3,}$/.test(text)) return 'has more than three numbers';
  if (/^v?\d+\.\d+\.\d+\+/.test(text)) return 'has build metadata (`+…`), which image tags cannot carry';
  if (/^v?\d+\.\d+\.\d+/.test(text) && /(^v?|[.-])0\d/.test(text)) return 'has a number with a leading zero';
  if (text.startsWith('V')) return 'starts with a capital V';
  return 'is no semantic version';
};

/** Whether two texts name one version: `v1.2.3` and `1.2.3` do (applications answer without the `v`). */
export const sameVersion = (a: string, b: string): boolean => {
  const strip = (text: string): string => (/^v\d/.test(text) ? text.slice(1) : text);
  return strip(a) === strip(b);
};

/** Whether `a` comes after `b`; of texts that are no versions, whether they differ. */
export const isNewer = (a: string, b: string): boolean => {
  const [left, right] = [readVersion(a), readVersion(b)];
  return left === undefined || right === undefined ? a !== b : compareVersions(left, right) > 0;
};

/**
 * Precedence by the rules of semantic versioning: negative when `a` comes before `b`, 0 when equal.
 * `v2.0.0-rc1` comes before `v2.0.0`.
 */
export const compareVersions = (a: Version, b: Version): number =>
  a.major - b.major ||
  a.minor - b.minor ||
  a.patch - b.patch ||
  comparePrerelease(a.prerelease, b.prerelease);

const comparePrerelease = (a: string | undefined, b: string | undefined): number => {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const [xIsNumber, yIsNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xIsNumber !== yIsNumber) return xIsNumber ? -1 : 1;
    if (xIsNumber) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return 0;
};
