import type { Finding } from '../../core/engine/types.ts';
import type { Elsewhere } from '../types.ts';
import type { Context } from '../context.ts';
import { repositoriesOf } from '../effects/supply.ts';

/**
 * The environment that must have run this version first (B5), and, where its very artifacts are promoted, that they
 * are still what the registry has under the version's tag.
 */
export const afterFindings = async (c: Context): Promise<Finding[]> => {
  const { after } = c.app.checks;
  const { version } = c.state.request;
  if (after === undefined || c.ports.elsewhere === undefined) return [];
  const ran = await c.ports.elsewhere(after, version);
  if (ran?.status === 'success')
    return c.app.images.artifacts === 'promote' ? promotedFindings(c, after, ran) : [];
  const how = ran === undefined ? 'was never deployed to' : `ended ${ran.status} (${ran.deployment}) in`;
  return [
    {
      check: 'after',
      level: 'refuse',
      message: `${version} ${how} ${after}, which must have run it first`,
      hint: `sluice deploy --stack ${after} --version ${version}`,
    },
  ];
};

const digestOf = (image: string): string => image.slice(image.indexOf('@') + 1);
const short = (image: string): string => digestOf(image).slice(0, 'sha256:'.length + 12);

const promotedFindings = async (c: Context, after: string, ran: Elsewhere): Promise<Finding[]> => {
  const { version } = c.state.request;
  const all = await Promise.all(
    Object.entries(repositoriesOf(c)).map(async ([service, repository]) => {
      const promoted = ran.images[service];
      if (promoted === undefined) return `${after} ran no image of ${service} (${ran.deployment})`;
      const tagged = await c.ports.images.find(repository, version);
      if (tagged === undefined) return `image of ${service} ${version} is not in the registry any more`;
      if (digestOf(tagged) === digestOf(promoted)) return undefined;
      return `${after} ran ${short(promoted)} of ${service} (${ran.deployment}), but ${version} is ${short(tagged)} in the registry`;
    }),
  );
  return all
    .filter((message) => message !== undefined)
    .map((message) => ({
      check: 'artifacts',
      level: 'refuse',
      message,
      hint: `sluice deploy --stack ${after} --version ${version}, so that it runs what is to be promoted`,
    }));
};
