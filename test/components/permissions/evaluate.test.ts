import { describe, expect, it } from 'vitest';
import { evaluate, type Policy } from './evaluate.ts';

const policy = (...Statement: Policy['Statement'][number][]): Policy => ({ Statement });
const ask = (policies: Policy[], action: string, resource = 'arn:x', context = {}) =>
  evaluate(policies, { action, resource, context });

describe('the evaluator reads policies as AWS does', () => {
  it('nothing is allowed that nobody allows', () => {
    expect(ask([], 's3:GetObject')).toBe('denied');
    expect(ask([policy({ Effect: 'Allow', Action: 's3:Get*', Resource: '*' })], 's3:PutObject')).toBe(
      'denied',
    );
  });

  it('a denial wins over whatever allows', () => {
    const all = policy({ Effect: 'Allow', Action: '*', Resource: '*' });
    const never = policy({ Effect: 'Deny', Action: 's3:deletebucket', Resource: '*' });
    expect(ask([all], 's3:DeleteBucket')).toBe('allowed');
    expect(ask([all, never], 's3:DeleteBucket')).toBe('denied');
  });

  it('dots and brackets of names are no patterns', () => {
    const one = policy({ Effect: 'Allow', Action: 'a:B', Resource: 'arn:a.b/*' });
    expect(ask([one], 'a:B', 'arn:a.b/c/d')).toBe('allowed');
    expect(ask([one], 'a:B', 'arn:aXb/c')).toBe('denied');
  });

  it('conditions hold together, and a missing key is no match', () => {
    const tagged = policy({
      Effect: 'Allow',
      Action: 'a:B',
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestTag/x': 'y' }, Null: { 'ec2:CreateAction': 'false' } },
    });
    expect(ask([tagged], 'a:B', '*', { 'aws:RequestTag/x': 'y', 'ec2:CreateAction': 'C' })).toBe('allowed');
    expect(ask([tagged], 'a:B', '*', { 'aws:RequestTag/x': 'y' })).toBe('denied');
    expect(ask([tagged], 'a:B', '*', { 'ec2:CreateAction': 'C' })).toBe('denied');
  });

  it('all values of a request must be among the allowed ones, where that is asked', () => {
    const names = policy({
      Effect: 'Allow',
      Action: 'a:B',
      Resource: '*',
      Condition: { 'ForAllValues:StringLike': { k: ['a.example', '_*.a.example'] } },
    });
    expect(ask([names], 'a:B', '*', { k: ['a.example', '_x.a.example'] })).toBe('allowed');
    expect(ask([names], 'a:B', '*', { k: ['a.example', 'b.example'] })).toBe('denied');
  });

  it('what it does not know is refused, not guessed', () => {
    const odd = policy({
      Effect: 'Allow',
      Action: 'a:B',
      Resource: '*',
      Condition: { DateLessThan: { k: 'v' } },
    });
    expect(() => ask([odd], 'a:B', '*', { k: 'v' })).toThrow('does not know DateLessThan');
    const not = {
      Effect: 'Allow',
      Action: 'a:B',
      NotResource: 'x',
    } as unknown as Policy['Statement'][number];
    expect(() => ask([policy(not)], 'a:B')).toThrow('does not know NotResource');
  });
});
