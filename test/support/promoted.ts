import { release, type DemoWorld } from '../../cli/demo/world.ts';
import type { Session } from '../../cli/session/open.ts';
import { createOperator, type Outcome } from '../../release/runner.ts';

/** A release into a cloud that nobody uses: a person sends each stage on as soon as it bakes. */
export const promoted = async (
  world: DemoWorld,
  version: string,
  over: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly session: Session; readonly outcome: Outcome }> => {
  const operator = createOperator();
  const sent = new Set<string>();
  const session = await world.session(version, { bakes: ['1 second'], over });
  const outcome = await release(session, version, 'as planned', {
    operator,
    onView: ({ stages, bakeLeft }) => {
      const stage = stages.find((s) => s.status === 'running')?.name;
      if (stage === undefined || bakeLeft === undefined || sent.has(stage)) return;
      sent.add(stage);
      operator.say({ command: 'promote', by: 'ada', why: 'nobody is here', at: Date.now() });
    },
  });
  return { session, outcome };
};

const SHELL = ['SLUICE_SANDBOX', 'SLUICE_SANDBOX_TOKEN', 'PULUMI_BACKEND_URL'] as const;

/** Makes this process a shell that is attached to the world, on the embedded engine; what is returned undoes it. */
export const attach = ({ sandbox }: DemoWorld): (() => void) => {
  const before = SHELL.map((name) => [name, process.env[name]] as const);
  delete process.env['PULUMI_BACKEND_URL'];
  process.env['SLUICE_SANDBOX'] = sandbox.url;
  process.env['SLUICE_SANDBOX_TOKEN'] = sandbox.token;
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
};
