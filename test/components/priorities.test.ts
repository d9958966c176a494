import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  planPositions,
  priorityOf,
  PRODUCTION_PRIORITIES,
  type Routed,
} from '../../components/priorities.plan.ts';

/** Applications with paths that nest: `/a/*`, `/a/b/*`, exact ones, several per service. */
const segment = fc.constantFrom('a', 'b', 'c', 'dd', 'api');
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('/*', '*', ''))
  .map(([segments, end]) => `/${segments.join('/')}${end}`.replace('//', '/'));
const applications: fc.Arbitrary<Routed[]> = fc
  .uniqueArray(pattern, { minLength: 1, maxLength: 40 })
  .map((patterns) => patterns.map((path, i) => ({ name: `service-${i}`, paths: [path] })));

const literal = (path: string) => (path.includes('*') ? path.slice(0, path.indexOf('*')) : `${path}$`);

it('positions are unique, and a more specific path comes before the one it lies in', () => {
  fc.assert(
    fc.property(applications, (services) => {
      const positions = planPositions(services);
      const taken = Object.values(positions);
      expect(new Set(taken).size).toBe(services.length);
      for (const at of taken) expect(at >= 1 && at <= 15_999 && Number.isInteger(at)).toBe(true);
      for (const a of services)
        for (const b of services) {
          const [one, other] = [literal(a.paths[0] ?? ''), literal(b.paths[0] ?? '')];
          if (one !== other && one.startsWith(other))
            expect(positions[a.name]).toBeLessThan(positions[b.name] ?? 0);
        }
    }),
  );
});

it('nobody moves because services came or went', () => {
  fc.assert(
    fc.property(applications, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (services, keep) => {
      const some = services.filter((_, i) => keep[i]);
      const before = planPositions(some);
      const grown = planPositions(services, before);
      for (const { name } of some) expect(grown[name]).toBe(before[name]);
      const shrunk = planPositions(some, grown);
      for (const { name } of some) expect(shrunk[name]).toBe(before[name]);
    }),
  );
});

it('the order in which services are written down does not matter', () => {
  fc.assert(
    fc.property(applications, (services) => {
      expect(planPositions([...services].reverse())).toEqual(planPositions(services));
    }),
  );
});

it('a position that a removed service has left is not taken in the same update: its rule goes last', () => {
  const before = planPositions([{ name: 'old', paths: ['/x/*'] }]);
  const moved = { name: 'new', paths: ['/x/*'] };
  expect(planPositions([moved], { ...before, new: before['old'] ?? 0 })).not.toEqual({});
  expect(Object.values(planPositions([moved], before))).not.toContain(before['old']);
});

it('a service whose path becomes the more specific one moves, the others stay', () => {
  const api = { name: 'api', paths: ['/api/*'] };
  const before = planPositions([api, { name: 'other', paths: ['/*'] }]);
  const after = planPositions([api, { name: 'other', paths: ['/api/other/*'] }], before);
  expect(after['api']).toBe(before['api']);
  expect(after['other']).toBeLessThan(before['api'] ?? 0);
});

it('every preview rule comes before every production rule', () => {
  const largest = Math.max(priorityOf('blue', 15_999), priorityOf('green', 15_999));
  expect(largest).toBeLessThan(priorityOf('production', 1));
  expect(priorityOf('production', 15_999)).toBe(PRODUCTION_PRIORITIES.to);
  expect(PRODUCTION_PRIORITIES.to).toBeLessThanOrEqual(50_000);
});

it('a fixed priority is kept, and refused where it does not fit', () => {
  const services = [
    { name: 'api', paths: ['/api/*'], priority: 40_000 },
    { name: 'auth', paths: ['/api/auth/*'] },
  ];
  const positions = planPositions(services);
  expect(priorityOf('production', positions['api'] ?? 0)).toBe(40_000);
  expect(positions['auth']).toBeLessThan(positions['api'] ?? 0);
  expect(() => planPositions([{ name: 'api', paths: ['/api/*'], priority: 10 }])).toThrow(
    /services\.api\.priority: 10 is outside the production rules; allowed: 32001 to 47999/,
  );
  const wrong = [
    { name: 'api', paths: ['/api/*'], priority: 40_000 },
    { name: 'auth', paths: ['/api/auth/*'], priority: 40_001 },
  ];
  expect(() => planPositions(wrong)).toThrow(/not in the order of the paths/);
});

it('two services that each have a path inside the other’s are refused by name', () => {
  const services = [
    { name: 'left', paths: ['/a/*', '/b/x/*'] },
    { name: 'right', paths: ['/b/*', '/a/x/*'] },
  ];
  expect(() => planPositions(services)).toThrow(/services\.left\.paths: must come before right/);
});

it('a thousand services of the same shape find their places', () => {
  const services = Array.from({ length: 1000 }, (_, i) => ({ name: `s${i}`, paths: [`/s${i}/*`] }));
  expect(new Set(Object.values(planPositions(services))).size).toBe(1000);
});
