import * as pulumi from '@pulumi/pulumi';
import { FOUNDATION } from '../config/github.types.ts';
import { databaseSecrets } from './database-secrets.ts';
import { forPulumi } from './errors.ts';
import { declareRecord } from './finish.ts';
import type { FoundationOutputs } from './foundation.ts';
import { nextRelease } from './next-release.ts';
import { programOutputs, type ProgramOutputs } from './outputs.ts';
import { readOwnOutputs } from './own-outputs.ts';
import { previewKey, previewTokens } from './preview-tokens.ts';
import { readSettings } from './settings.ts';
import { targetOf } from './targets/index.ts';

const program = async (): Promise<ProgramOutputs | FoundationOutputs> => {
  if (pulumi.getStack() === FOUNDATION) {
    // Loaded only here: releases need nothing of GitHub's part of the SDK.
    const { foundation } = await import('./foundation.ts');
    return foundation();
  }
  const settings = readSettings();
  const target = targetOf(settings.app);
  const own = await readOwnOutputs(target.carries);
  const { release, from, notes } = await nextRelease(target, settings, own);
  for (const note of notes) await (from === 'direct' ? pulumi.log.info(note) : pulumi.log.warn(note));
  const key = previewKey(settings.previewKey, own.previewKey);
  const tokens = previewTokens(key, settings.app, release);
  const declared = await target.declare({
    settings,
    release,
    carried: own.carried,
    tokens,
    databaseSecrets: await databaseSecrets(settings.app, release),
  });
  declareRecord(settings, release, declared);
  return programOutputs({
    declared,
    environment: settings.app.environment,
    release,
    tokens,
    previewKey: key,
  });
};

/**
 * The program: a function from the stack's configuration to its resources, the same under `pulumi`, the Automation
 * API and the embedded engine. Nothing of Pulumi happens outside of it, because an engine may run it many times in
 * one process, for several stacks.
 */
export default async function main(): Promise<ProgramOutputs | FoundationOutputs> {
  try {
    return await program();
  } catch (error) {
    throw forPulumi(error);
  }
}
