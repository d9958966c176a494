import { expect, it } from 'vitest';
import { reasonIn } from '../../../../release/core/engine/failure.ts';

const told =
  'error: statement 2 of 002_roles.sql: relation "rolez" does not exist\n  next: mend the migration';
const reason = told.slice('error: '.length);

it('the sentence of a command that failed is what a person reads, wherever the engine put it', () => {
  const embedded = `migrate-command: ended with exit code 5\n${told}`;
  expect(reasonIn({ message: embedded, details: [] })).toBe(reason);
  const real =
    'the update of stack production failed: migrate-command: ended with exit code 5. Nothing was changed before';
  const details = [
    `urn:pulumi:production::migrate-command: ended with exit code 5\n${told}`,
    'changed before it failed: x',
  ];
  expect(reasonIn({ message: real, details })).toBe(reason);
});

it('where no command has failed, it is what the engine says', () => {
  const message = 'the update failed: routing-auth-service: throttled';
  expect(reasonIn({ message, details: ['urn::routing-auth-service: throttled'] })).toBe(message);
});
