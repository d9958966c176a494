import { nearest } from '../../lib/nearest.ts';
import type { Path } from '../problems.ts';
import type { App } from '../types.ts';

/** Tells of a problem. `needs`: the settings it was concluded from (default: the path itself). */
export type Tell = (
  path: Path,
  reason: string,
  allowed?: string,
  options?: { needs?: readonly Path[]; got?: string },
) => void;

/** Whether a person wrote something there, rather than left it to a default. */
export type IsWritten = (path: Path) => boolean;

/** Says that a setting names a secret that the map does not have. */
export const missingSecret = (app: App, path: Path, name: string, tell: Tell): void => {
  if (Object.hasOwn(app.secrets, name)) return;
  const names = Object.keys(app.secrets);
  const meant = nearest(name, names);
  // The name itself was given under a key that looks secret, but it is a name: without it nobody finds the place.
  tell(
    path,
    `no secret is named \`${name}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`,
    `${names.length === 0 ? 'none is declared' : names.join(', ')}; add it below sluice:app.secrets`,
    { needs: [path, ['secrets', name]], got: `\`${name}\`` },
  );
};
