import { EXIT, ExpectedError, messageOf } from '../../../lib/errors.ts';
import type { RawOutputs } from '../../ports/outputs.ts';
import type { Cli } from './command.ts';
import type { Checkpoint } from './pending.ts';
import type { StateSecrets } from './stack-file.ts';

/** Pulumi's mark of a sealed value in a checkpoint. */
const SEALED = '4dabf18193072939515e22adb298388d';

const hasSealed = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (SEALED in value || Object.values(value).some(hasSealed));

/** What a checkpoint says without being opened. */
export interface LastState {
  /** Outputs of the last update; undefined before the first. Secret ones are flagged, their values stay sealed. */
  readonly outputs: RawOutputs | undefined;
  /** How secrets are sealed; undefined before the first update. */
  readonly seal: StateSecrets | undefined;
  readonly checkpoint: Exported;
}

interface Exported extends Checkpoint {
  readonly deployment?: Checkpoint['deployment'] & { readonly secrets_providers?: StateSecrets };
}

/**
 * In a folder Pulumi keeps attributes beside each file and does not replace them in one go: killed while it writes
 * them, it leaves an empty file, and no command reads that stack any more.
 */
const asHalfWritten =
  (stack: string) =>
  (error: unknown): never => {
    if (!messageOf(error).includes('failed to load checkpoint: EOF')) throw error;
    throw new ExpectedError(
      `the state of stack ${stack} cannot be read: a file of attributes beside it is empty`,
      {
        exit: EXIT.personNeeded,
        hint: `a \`pulumi\` was killed while it wrote the file; the state itself is whole. Remove ${stack}.json.attrs in the backend's folder, and add ?metadata=skip to PULUMI_BACKEND_URL`,
        cause: error,
      },
    );
  };

/**
 * Reads the checkpoint without the passphrase: what a release and an emergency need stays readable when that was
 * changed or lost.
 */
export const readState = async (cli: Cli, stack: string): Promise<LastState> => {
  const { stdout } = await cli.run(['stack', 'export', '--stack', stack]).catch(asHalfWritten(stack));
  const checkpoint = JSON.parse(stdout) as Exported;
  const { deployment } = checkpoint;
  const root = deployment?.resources?.find((r) => r.type === 'pulumi:pulumi:Stack');
  return {
    checkpoint,
    seal: deployment?.secrets_providers,
    outputs:
      root === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(root.outputs ?? {}).map(([name, value]) => [
              name,
              { value, secret: hasSealed(value) },
            ]),
          ),
  };
};

/** Puts a checkpoint in the place of the stack's own. */
export const writeState = async (cli: Cli, stack: string, checkpoint: Checkpoint): Promise<void> => {
  await cli.run(['stack', 'import', '--stack', stack], JSON.stringify(checkpoint));
};

/** One output with its secrets; undefined when there is none of that name. Needs the passphrase. */
export const readSecretOutput = async (cli: Cli, stack: string, name: string): Promise<unknown> => {
  const { stdout } = await cli.run(['stack', 'output', '--json', '--show-secrets', '--stack', stack]);
  return (JSON.parse(stdout) as Record<string, unknown>)[name];
};

export interface HistoricUpdate {
  readonly startedAt: number;
  readonly result: 'succeeded' | 'failed';
  /** Qualified key → text; secrets are left out. */
  readonly config: Readonly<Record<string, string>>;
}

interface Printed {
  readonly kind: string;
  readonly startTime: string;
  readonly result: string;
  readonly config?: Readonly<Record<string, { readonly value?: string; readonly secret: boolean }>>;
}

/** Every update of the stack, oldest first. Updates that were killed are absent: the backend never heard their end. */
export const readHistory = async (cli: Cli, stack: string): Promise<readonly HistoricUpdate[]> => {
  const all = ['--json', '--full-dates', '--page-size', '0', '--stack', stack];
  const { stdout } = await cli.run(['stack', 'history', ...all]);
  return (JSON.parse(stdout) as Printed[])
    .filter(({ kind }) => kind === 'update')
    .map(({ startTime, result, config = {} }) => ({
      startedAt: Date.parse(startTime),
      result: result === 'succeeded' ? ('succeeded' as const) : ('failed' as const),
      config: Object.fromEntries(
        Object.entries(config).flatMap(([key, { value, secret }]) =>
          secret || value === undefined ? [] : [[key, value]],
        ),
      ),
    }))
    .reverse();
};
