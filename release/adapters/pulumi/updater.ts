import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LocalWorkspace,
  type ConfigMap,
  type EngineEvent,
  type OutputMap,
  type PulumiFn,
  type Stack,
} from '@pulumi/pulumi/automation/index.js';
import type { Release } from '../../../config/release.types.ts';
import { messageOf, refused } from '../../../lib/errors.ts';
import { UpdateFailed, type HistoryEntry, type PreviewChange, type StackUpdater } from '../../ports/stack.ts';
import { programErrors, tally, toPreviewChange, toUpdateEvent } from './events.ts';
import { parseOutputs, parseTokens } from './outputs.ts';

const RELEASE = 'sluice:release';

export interface PulumiSettings {
  readonly project: string;
  readonly stack: string;
  readonly program: PulumiFn;
  /** Configuration of every update, without `sluice:release`; asked anew each time. */
  readonly config: () => Readonly<Record<string, string>>;
  /** Text of the stack's own file, so that its encryption salt and secrets provider are kept. */
  readonly stackFile: string | undefined;
  /** Added to this process's environment: backend, passphrase, provider ports. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Only what the CLI must keep from the stack's file; configuration is set by each update. */
const keptSettings = (stackFile: string | undefined): string =>
  (stackFile ?? '')
    .split('\n')
    .filter((line) => /^(encryptionsalt|secretsprovider|encryptedkey):/.test(line))
    .join('\n');

/**
 * The stack updater port on the real engine, through the Automation API with this repository's program inline.
 * It works in a folder of its own: the working tree, and the stack files in it, stay as they are.
 */
export const pulumiUpdater = async (
  settings: PulumiSettings,
): Promise<StackUpdater & { close(): Promise<void> }> => {
  const workDir = await mkdtemp(join(tmpdir(), 'sluice-pulumi-'));
  await writeFile(join(workDir, 'Pulumi.yaml'), `name: ${settings.project}\nruntime: nodejs\n`);
  await writeFile(join(workDir, `Pulumi.${settings.stack}.yaml`), `${keptSettings(settings.stackFile)}\n`);
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: settings.stack, projectName: settings.project, program: settings.program },
    { workDir, envVars: { ...settings.environment } },
  );
  const configure = (release: Release | undefined): Promise<void> => setConfig(stack, settings, release);
  return {
    up: async (release, { onEvent, signal }) => {
      await configure(release);
      const events: EngineEvent[] = [];
      const startedAt = performance.now();
      try {
        const result = await stack.up({
          ...(signal === undefined ? {} : { signal }),
          message: release === undefined ? 'carry on' : `release ${release.serial} of ${release.deployment}`,
          color: 'never',
          onEvent: (event) => {
            events.push(event);
            const shown = toUpdateEvent(event);
            if (shown !== undefined) onEvent(shown);
          },
        });
        const outputs = parseOutputs(rawOutputs(result.outputs));
        if (outputs === undefined)
          throw refused('the program exported no outputs', 'export url, routing and buckets');
        return {
          outputs,
          changes: { ...result.summary.resourceChanges },
          durationMs: performance.now() - startedAt,
        };
      } catch (error) {
        throw translate(error, events);
      }
    },
    preview: async (release) => {
      await configure(release);
      const events: EngineEvent[] = [];
      try {
        await stack.preview({ color: 'never', onEvent: (event) => void events.push(event) });
      } catch (error) {
        throw translate(error, events);
      }
      return events.map(toPreviewChange).filter((c): c is PreviewChange => c !== undefined);
    },
    outputs: async () => parseOutputs(rawOutputs(await stack.outputs())),
    previewTokens: async () => parseTokens(rawOutputs(await stack.outputs())),
    history: async () => (await stack.history()).map(toHistory).reverse(),
    close: () => rm(workDir, { recursive: true, force: true }),
  };
};

const rawOutputs = (outputs: OutputMap): Record<string, { value: unknown; secret: boolean }> =>
  Object.fromEntries(
    Object.entries(outputs).map(([k, o]) => [k, { value: o.value as unknown, secret: o.secret }]),
  );

const setConfig = async (
  stack: Stack,
  settings: PulumiSettings,
  release: Release | undefined,
): Promise<void> => {
  const { [RELEASE]: _, ...base } = settings.config();
  const all = release === undefined ? base : { ...base, [RELEASE]: JSON.stringify(release) };
  const map: ConfigMap = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, { value }]));
  if (release === undefined && Object.hasOwn(await stack.getAllConfig(), RELEASE))
    await stack.removeConfig(RELEASE);
  await stack.setAllConfig(map);
};

const toHistory = (entry: {
  version: number;
  startTime: Date;
  result: string;
  config: ConfigMap;
}): HistoryEntry => {
  const text = entry.config[RELEASE]?.value;
  return {
    version: entry.version,
    startedAt: new Date(entry.startTime).getTime(),
    result: entry.result === 'succeeded' ? 'succeeded' : 'failed',
    release: text === undefined ? undefined : (JSON.parse(text) as Release),
  };
};

const LOCKED = /the stack is currently locked by \d+ lock/;

/** A refusal of the program or of the engine is expected; resources that failed are `UpdateFailed`. */
const translate = (error: unknown, events: readonly EngineEvent[]): unknown => {
  const { changed, failed } = tally(events);
  const text = messageOf(error);
  if (LOCKED.test(text))
    return refused(
      'the stack is locked by another update',
      'wait for it, or, when its process is gone: sluice rollback --mode emergency, or pulumi cancel',
      error,
    );
  const errors = programErrors(events);
  if (failed.length > 0)
    return new UpdateFailed(failed.map((f) => f.reason).join('\n'), [...changed], [...failed]);
  if (errors.length > 0) return refused(errors.join('\n'), undefined, error);
  return error;
};
