/** The first deployment of Azora's production, by either engine: everything from nothing to four services with traffic. */
import { beginWith, openEngineWorld } from './world.ts';

/** One deployment into a cloud of its own: ms, resources made. */
export const firstDeployment = async (
  engine: 'real' | 'embedded',
): Promise<{ readonly ms: number; readonly made: number }> => {
  const world = await openEngineWorld();
  try {
    const startedAt = performance.now();
    const session = await world.session(engine);
    const { changes } = await beginWith(session, 'v1.0.0');
    const ms = performance.now() - startedAt;
    await session.close();
    return { ms, made: changes['create'] ?? 0 };
  } finally {
    await world.close();
  }
};
