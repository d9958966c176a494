import type { SmokeTest } from '../../../config/types.ts';
import type { EffectOf, EffectResults } from '../../core/engine/effects.ts';
import type { SmokeCase } from '../../core/engine/types.ts';
import type { Context } from '../context.ts';

const judge = async (test: SmokeTest, url: string, c: Context): Promise<SmokeCase> => {
  const answer = await c.ports.http(
    {
      method: test.method,
      url: `${url}${test.path}`,
      headers: test.headers,
      body: test.body,
      timeoutMs: Math.max(test.within, 1000),
    },
    c.signal,
  );
  const wrong = reasonsOf(test, answer);
  c.ports.logs.append(
    'smoke',
    `${wrong.length === 0 ? 'passed' : 'FAILED'} ${test.name}: ${test.method} ${test.path} ${answer.ok ? answer.status : '-'} ${answer.latencyMs} ms ${wrong.join('; ')}`.trimEnd(),
  );
  return {
    name: test.name,
    critical: test.critical,
    passed: wrong.length === 0,
    latencyMs: answer.latencyMs,
    ...(wrong.length === 0 ? {} : { why: wrong.join('; ') }),
  };
};

const reasonsOf = (test: SmokeTest, answer: Awaited<ReturnType<Context['ports']['http']>>): string[] => {
  if (!answer.ok) return [answer.reason];
  return [
    ...(test.status.includes(answer.status)
      ? []
      : [`status ${answer.status}, wanted ${test.status.join(' or ')}`]),
    ...(test.contains === undefined || answer.body.includes(test.contains)
      ? []
      : [`the answer does not contain ${JSON.stringify(test.contains)}`]),
    ...(answer.latencyMs <= test.within ? [] : [`took ${answer.latencyMs} ms, at most ${test.within} ms`]),
  ];
};

/** Every smoke test once, side by side; the critical ones decide. */
export const smoke = async (_effect: EffectOf<'smoke'>, c: Context): Promise<EffectResults['smoke']> => {
  const { url } = c.state;
  if (url === undefined) throw new Error('the stack gives no address');
  const cases = await Promise.all(c.state.settings.smoke.tests.map((test) => judge(test, url, c)));
  return { passed: cases.every((x) => x.passed || !x.critical), cases };
};
