import type { z } from 'zod';
import type { StandIns } from '../understand.ts';
import { hostsSection } from '../hosts/schema.ts';
import { lambdaSection } from '../lambda/schema.ts';
import { strict } from './fields.ts';
import { place } from './place.ts';
import { aroundSettings } from './around.ts';
import { rolloutSettings } from './rollout.ts';
import {
  application,
  database,
  environmentName,
  everyService,
  images,
  secrets,
  services,
  timeouts,
} from './services.ts';

/** `sluice:app` as people write it. Needed: `application`, `url` and `services`; everything else has a default. */
export const appSchema = strict({
  /** Prefix of every cloud name. */
  application,
  /** Default: the stack's name. */
  environment: environmentName.optional(),
  services,
  /** Laid under every service. */
  everyService: everyService.prefault({}),
  secrets: secrets.prefault({}),
  database: database.optional(),
  images: images.prefault({}),
  timeouts: timeouts.prefault({}),
  /** The services are functions of AWS Lambda. Default: they are containers on ECS. */
  lambda: lambdaSection.optional(),
  /** The services are containers of docker compose on machines reached over SSH. */
  hosts: hostsSection.optional(),
  ...place,
  ...rolloutSettings,
  ...aroundSettings,
});

export type Written = z.output<typeof appSchema>;

/** Stand in for required parts that are wrong, so that the rest can still be checked; see `understand`. */
export const STAND_INS: StandIns = {
  application: 'application',
  url: 'https://example.invalid',
  services: { service: { path: '/*', port: 80 } },
  'stages.*.name': 'stage',
  'stages.*.traffic': '100 %',
  'stages.*.bake': '1 day',
};
