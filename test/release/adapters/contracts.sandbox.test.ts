import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { s3Objects } from '../../../release/adapters/objects.ts';
import { s3Client } from '../../../release/adapters/s3.ts';
import { sandboxImages } from '../../../sandbox/adapters/images.ts';
import { sandboxMetrics } from '../../../sandbox/adapters/metrics.ts';
import { sandboxProber } from '../../../sandbox/adapters/prober.ts';
import { sandboxSecrets } from '../../../sandbox/adapters/secrets.ts';
import { sandboxSource } from '../../../sandbox/adapters/source.ts';
import { sandboxTraffic } from '../../../sandbox/adapters/traffic.ts';
import type { Sandbox } from '../../../sandbox/client.ts';
import {
  APPLICATION,
  authStack,
  declare,
  temporarySandbox,
  type TestStack,
} from '../../sandbox/cloud/stack.ts';
import { metricsContract, type Served } from '../../support/contracts/metrics.ts';
import { objectsContract } from '../../support/contracts/objects.ts';
import { proberContract } from '../../support/contracts/prober.ts';
import { imagesContract, secretsContract, sourceContract } from '../../support/contracts/supply.ts';
import { trafficContract } from '../../support/contracts/traffic.ts';

const REPOSITORY = 'docker.io/azora/auth-service';
const WIDTH_MS = 1_000;
/** Answers 500 in both versions. */
const BROKEN = '/auth/broken';

let sandbox: Sandbox;
let stack: TestStack;
beforeAll(async () => {
  sandbox = await temporarySandbox({ tasksPerService: 2 });
  stack = await authStack(sandbox);
  const faults = { FAULT_PATHS: BROKEN };
  const [v1, v2] = [await stack.definition('v1.0.0', faults), await stack.definition('v2.0.0', faults)];
  await Promise.all([stack.service('blue', v1), stack.service('green', v2)]);
});
afterAll(() => sandbox.close());
const nothing = () => Promise.resolve();

trafficContract('the sandbox', async () => {
  const groups = [stack.blue.id, stack.green.id] as const;
  const rules: string[] = [];
  for (let i = 0; i < 20; i += 1) {
    const made = await declare(sandbox, 'aws:lb/listenerRule:ListenerRule', `service-${i}`, {
      listenerArn: stack.rule.inputs['listenerArn'],
      priority: 200 + i,
      conditions: [{ pathPattern: { values: [`/service-${i}/*`] } }],
      actions: [{ type: 'forward', forward: { targetGroups: [{ arn: groups[0], weight: 100 }] } }],
    });
    rules.push(made.id);
  }
  return {
    traffic: sandboxTraffic(sandbox),
    rules,
    groups,
    missing: `${stack.rule.id}missing`,
    close: nothing,
  };
});

proberContract('the sandbox', () =>
  Promise.resolve({
    prober: sandboxProber(sandbox),
    healthy: {
      service: 'auth',
      targetGroup: stack.blue.id,
      url: `${stack.url}/auth/health`,
      headers: { 'x-preview': 'blue' },
      version: 'v1.0.0',
      timeoutMs: 5_000,
    },
    targets: 2,
    close: nothing,
  }),
);

imagesContract('the sandbox', async () => {
  const images = sandboxImages(sandbox, { application: APPLICATION });
  const found = await images.find(REPOSITORY, 'v1.0.0');
  return {
    images,
    repository: REPOSITORY,
    tag: 'v1.0.0',
    digest: found?.split('@')[1] ?? '',
    close: nothing,
  };
});

secretsContract('the sandbox', () => {
  const secrets = sandboxSecrets(sandbox);
  return Promise.resolve({ secrets, put: (name, value) => secrets.put(name, value), close: nothing });
});

sourceContract('the sandbox', () =>
  Promise.resolve({ source: sandboxSource(APPLICATION), version: 'v1.0.0', close: nothing }),
);

objectsContract('the sandbox', async () => {
  const client = s3Client(sandbox.environment());
  await client.send(new CreateBucketCommand({ Bucket: 'contract' }));
  return { objects: s3Objects('contract', client), close: nothing };
});

metricsContract('the sandbox', () => {
  const serve = async (weights: readonly [number, number], { requests, errors }: Served): Promise<void> => {
    await stack.weights(...weights);
    for (let i = 0; i < requests; i += 1) {
      const response = await fetch(`${stack.url}${i < errors ? BROKEN : '/auth/session'}`);
      await response.text();
    }
  };
  return Promise.resolve({
    source: sandboxMetrics(sandbox),
    widthMs: WIDTH_MS,
    fresh: stack.green.id,
    stable: stack.blue.id,
    unknown: `${stack.blue.id}missing`,
    serve: async (fresh, stable) => {
      // The window in which a version was born is not a whole one: what it did there is no part of its baseline.
      const from = Math.ceil(Date.now() / WIDTH_MS) * WIDTH_MS;
      await delay(from + 50 - Date.now());
      await serve([0, 100], fresh);
      await serve([100, 0], stable);
      const to = Math.ceil(Date.now() / WIDTH_MS) * WIDTH_MS;
      await delay(to + 50 - Date.now());
      return { from, to };
    },
    close: nothing,
  });
});
