import type { Session } from '../session/open.ts';
import { nextUpdates } from './preview-wanted.ts';

/** Whether the version is live with the settings of now, so that a deployment of it would change nothing. */
export const alreadyLive = async (session: Session, version: string): Promise<boolean> => {
  const current = (await session.stack.outputs())?.release;
  if (current === undefined) return false;
  const { inputs } = await nextUpdates(session, current, version);
  return inputs.every((input) => input.to === undefined);
};
