import { describe, expect, test } from 'vitest';
import {
  compileConditions,
  statusMatches,
  type RequestFacts,
} from '../../../../sandbox/cloud/balancer/match.ts';
import type { Condition } from '../../../../sandbox/cloud/balancer/types.ts';

const request = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  url: '/',
  method: 'GET',
  headers: { host: 'azora.world' },
  ...change,
});
const matches = (condition: Condition, change: Partial<RequestFacts>): boolean =>
  compileConditions([condition])(request(change));

describe('listener-rule conditions', () => {
  test.each([
    ['/api/*', '/api/', true],
    ['/api/*', '/api/education/courses?page=2', true],
    ['/api/*', '/api', false],
    ['/api', '/api', true],
    ['/img/*/p?c', '/img/a/b/pic', true],
    ['/img/?', '/img/', false],
    ['/API/*', '/api/x', false],
    ['/a.c', '/abc', false],
    ['/a+b', '/a+b', true],
  ])('path %s against %s: %s', (pattern, url, expected) => {
    expect(matches({ kind: 'path', patterns: [pattern] }, { url })).toBe(expected);
  });

  test('a host is compared without its port and without regard to case', () => {
    const host: Condition = { kind: 'host', patterns: ['*.azora.world'] };
    expect(matches(host, { headers: { host: 'API.Azora.World:8443' } })).toBe(true);
    expect(matches(host, { headers: { host: 'azora.world' } })).toBe(false);
  });

  test('a header rule needs the header, any of its values, whatever their case', () => {
    const header: Condition = { kind: 'header', name: 'X-Slot', patterns: ['green-*', 'blue'] };
    expect(matches(header, { headers: { 'x-slot': 'GREEN-7' } })).toBe(true);
    expect(matches(header, { headers: { 'x-slot': 'blue-7' } })).toBe(false);
    expect(matches(header, {})).toBe(false);
  });

  test('a query rule compares decoded pairs; without a key any value counts', () => {
    const query: Condition = {
      kind: 'query',
      pairs: [
        { key: 'v', value: '2' },
        { key: undefined, value: 'beta*' },
      ],
    };
    expect(matches(query, { url: '/?x=1&V=2' })).toBe(true);
    expect(matches(query, { url: '/?channel=beta%20one' })).toBe(true);
    expect(matches(query, { url: '/?v=3' })).toBe(false);
    expect(matches(query, { url: '/' })).toBe(false);
  });

  test('all conditions of a rule must hold', () => {
    const both = compileConditions([
      { kind: 'path', patterns: ['/api/*', '/auth/*'] },
      { kind: 'header', name: 'x-preview', patterns: ['secret'] },
    ]);
    expect(both(request({ url: '/auth/x', headers: { 'x-preview': 'secret' } }))).toBe(true);
    expect(both(request({ url: '/auth/x' }))).toBe(false);
    expect(both(request({ url: '/other', headers: { 'x-preview': 'secret' } }))).toBe(false);
  });
});

test.each([
  ['200', 200, true],
  ['200', 204, false],
  ['200,204', 204, true],
  ['200-299', 250, true],
  ['200-299', 300, false],
])('health matcher %s takes %i: %s', (matcher, status, expected) => {
  expect(statusMatches(matcher, status)).toBe(expected);
});
