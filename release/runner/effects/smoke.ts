import type { SmokeTest } from '../../../config/types.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { SmokeCase } from '../../core/engine/types.ts';
import { liveSlot } from '../../core/release.ts';
import { smokeCase } from '../../core/smoke.ts';
import type { Context } from '../context.ts';
import { probeSlot } from './probe.ts';

/** While users are kept out the tests come in as probes do: to the slot that serves. */
const passOf = async (c: Context): Promise<Readonly<Record<string, string>>> => {
  const { current, routing } = c.state;
  const slot = current?.maintenance === undefined ? undefined : liveSlot(current);
  const token = slot === undefined ? undefined : (await c.tokens())[slot];
  const header = routing?.previewHeader;
  return token === undefined || header === undefined ? {} : { [header]: token };
};

const judge = async (
  test: SmokeTest,
  url: string,
  pass: Readonly<Record<string, string>>,
  c: Context,
): Promise<SmokeCase> => {
  const answer = await c.ports.http(
    {
      method: test.method,
      url: `${url}${test.path}`,
      headers: { ...test.headers, ...pass },
      body: test.body,
      timeoutMs: Math.max(test.within, 1000),
    },
    c.signal,
  );
  const found = smokeCase(test, answer);
  c.ports.logs.append(
    'smoke',
    `${found.passed ? 'passed' : 'FAILED'} ${test.name}: ${test.method} ${test.path} ${answer.ok ? answer.status : '-'} ${answer.latencyMs} ms ${found.why ?? ''}`.trimEnd(),
  );
  return found;
};

/** The test payloads of functions, through the alias. */
const behindAlias = async (c: Context): Promise<SmokeCase[]> => {
  const { current, target } = c.state;
  const slot = current === undefined ? undefined : liveSlot(current);
  if (slot === undefined || target === undefined) return [];
  const services = Object.fromEntries(
    Object.entries(target.services).filter(([, s]) => (s.function?.tests.length ?? 0) > 0),
  );
  if (Object.keys(services).length === 0) return [];
  const probes = await probeSlot(c, slot, { ...target, services }, 'public');
  return probes.map((p) => {
    const name = `${p.service} answers its payloads`;
    c.ports.logs.append(
      'smoke',
      `${p.healthy ? 'passed' : 'FAILED'} ${name} ${p.latencyMs} ms ${p.reason ?? ''}`.trimEnd(),
    );
    return {
      name,
      critical: target.services[p.service]?.critical ?? true,
      passed: p.healthy,
      latencyMs: p.latencyMs,
      ...(p.reason === undefined ? {} : { why: p.reason }),
    };
  });
};

/** Every smoke test once, side by side; the critical ones decide. */
export const smoke = async (_effect: EffectOf<'smoke'>, c: Context): Promise<EffectResults['smoke']> => {
  const { url } = c.state;
  if (url === undefined) throw new Error('the stack gives no address');
  const pass = await passOf(c);
  const [answers, payloads] = await Promise.all([
    Promise.all(c.state.settings.smoke.tests.map((test) => judge(test, url, pass, c))),
    behindAlias(c),
  ]);
  const cases = [...answers, ...payloads];
  return { passed: cases.every((x) => x.passed || !x.critical), cases };
};
