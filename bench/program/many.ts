/** The program for as many services as are asked for, without the limits of the entry (release size, listener). */
import { declareApplication } from '../../infra/targets/ecs/application.ts';
import { programOutputs } from '../../infra/outputs.ts';
import { previewKey, previewTokens } from '../../infra/preview-tokens.ts';
import { parseApp } from '../../config/app.ts';
import { rulesForRelease } from '../../components/routing.plan.ts';
import type { Program } from '../../sandbox/engine/index.ts';
import { liveRelease, readConfig, STACK } from './azora.ts';

/** Azora's settings as they are written, with `count` services in the place of its own. */
export const written = (count: number): Record<string, unknown> => {
  const app = JSON.parse(readConfig()['sluice:app'] ?? '{}') as Record<string, unknown>;
  const services = Array.from({ length: count }, (_, i) => {
    const name = `service-${String(i).padStart(4, '0')}`;
    const path = `/api/${name}`;
    return [name, { path: `${path}/*`, port: 3000, health: { publicPath: `${path}/health` } }] as const;
  });
  return {
    ...app,
    services: Object.fromEntries(services),
    loadBalancer: { maxRules: rulesForRelease(count) },
    // Azora's own name paths of its own services.
    smoke: {},
  };
};

/** Settings parsed, frozen into a slot, declared, exported: what the entry does, all of it live in one slot. */
export const programFor = (count: number): Program => {
  const text = JSON.stringify(written(count));
  return async () => {
    const app = parseApp(JSON.parse(text), { stack: STACK });
    const release = liveRelease(app);
    const key = previewKey(undefined, undefined);
    const tokens = previewTokens(key, app, release);
    const declared = await declareApplication({
      settings: {
        stack: STACK,
        region: 'eu-west-1',
        app,
        release,
        version: undefined,
        images: {},
        previewKey: undefined,
        deployment: release.deployment,
      },
      release,
      positions: {},
      tokens,
      databaseSecrets: { url: undefined, scratchUrl: undefined },
    });
    return {
      ...programOutputs({ declared, environment: app.environment, release, tokens, previewKey: key }),
    };
  };
};
