import type { ExitCode } from '../../lib/errors.ts';
import { liveVersion } from '../../release/core/release.ts';
import { runRollback } from '../../release/runner.ts';
import { flag, text, type Values } from '../command.ts';
import type { Printer } from '../print.ts';
import { requestOf, runHere } from '../run-release.ts';
import { withStack } from '../session/find.ts';

/** A rollback by a person, through the same engine and path as an automatic one. */
export const rollBack = (
  reason: string,
  options: Values,
  around: { readonly print: Printer; readonly signal: AbortSignal },
): Promise<ExitCode> =>
  withStack(options, async ({ session }) => {
    const outputs = await session.outputs();
    const draft = session.run(outputs, 'unnamed');
    const to = text(options, 'to');
    const request = await requestOf(session, draft, {
      version: liveVersion(outputs.release) ?? 'v0.0.0',
      reason,
      ticket: text(options, 'ticket'),
    });
    const asked = {
      ...request,
      rollback: {
        mode: text(options, 'mode') === 'emergency' ? ('emergency' as const) : ('standard' as const),
        override: flag(options, 'override'),
        restoreDatabase: flag(options, 'restoreDatabase'),
        revertMigrations: flag(options, 'revertMigrations'),
        ...(to === undefined ? {} : { to }),
      },
    };
    return runHere((o) => runRollback(o, asked), session.run(outputs, request.deployment), {
      ...around,
      onInterrupt: text(options, 'onInterrupt'),
    });
  });
