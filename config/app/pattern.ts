/**
 * Whether a listener's path pattern takes a path: `*` is any text (slashes too), `?` one character. Walks back to the
 * last `*` only, so that a pattern of many wildcards costs no more than pattern × path.
 */
export const patternTakes = (pattern: string, path: string): boolean => {
  let p = 0;
  let star: { readonly pattern: number; path: number } | undefined;
  for (let i = 0; i < path.length;) {
    if (pattern[p] === '*') {
      star = { pattern: p, path: i };
      p++;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === path[i])) {
      p++;
      i++;
    } else if (star === undefined) {
      return false;
    } else {
      // The last star takes one character more.
      star.path++;
      i = star.path;
      p = star.pattern + 1;
    }
  }
  return /^\**$/.test(pattern.slice(p));
};
