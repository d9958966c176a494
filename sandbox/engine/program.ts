import { messageOf } from '../../lib/errors.ts';
import { unsupported } from './goal.ts';
import { guard, settled } from './guard.ts';
import { engineOf, monitorOf } from './monitor.ts';
import { Registrar } from './register.ts';
import type { Run } from './run.ts';
import { loadSdk } from './sdk.ts';

/** The SDK refuses by itself what the engine does not offer, with advice that would not help here. */
const REFUSED_BY_SDK = /^The Pulumi CLI does not support (?:the )?(\w)(.*?)(?: option)?\. Please update/;
const translated = (error: unknown): unknown => {
  const [, first, rest] = REFUSED_BY_SDK.exec(messageOf(error)) ?? [];
  return first === undefined || rest === undefined
    ? error
    : unsupported(`the option ${first.toLowerCase()}${rest}`, 'used by the program');
};

/**
 * Runs the program of a run against the ledger and waits for everything it started. Whether it went well is in
 * `run.failure` afterwards.
 */
export const runProgram = async (run: Run): Promise<Registrar> => {
  const sdk = loadSdk();
  const registrar = new Registrar(run);
  const { project, stack, organization = 'organization', config, secretKeys = [], program } = run.options;
  let store: object | undefined;
  const halt = (error: unknown): void => run.halt('program', translated(error));
  const main = async (): Promise<unknown> => {
    try {
      return await program();
    } catch (error) {
      // Before the SDK registers empty outputs for the program that threw.
      halt(error);
      throw error;
    }
  };
  const everything = async (): Promise<void> => {
    await sdk.runProgram(main);
    // An `apply` that ran last may have started one more call.
    for (let round = 0; round < 2; round += 1) {
      await sdk.waitForCalls();
      await settled();
    }
  };
  try {
    await sdk.inRun(
      {
        project,
        stack,
        organization,
        config,
        secretKeys,
        preview: run.preview,
        monitor: monitorOf(run, registrar, sdk),
        engine: engineOf(run),
      },
      (entered) => {
        store = entered;
        guard.enter(sdk, entered, halt, run.options.stackTraces ?? false);
      },
      () => Promise.race([everything().catch(halt), run.stopped]),
    );
    await run.idle();
    await settled();
  } finally {
    if (store !== undefined) guard.leave(store);
  }
  return registrar;
};
