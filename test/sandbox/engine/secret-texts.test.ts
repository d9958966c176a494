import { expect, test } from 'vitest';
import { secret, secretTexts } from '../../../sandbox/engine/values.ts';

const textsIn = (value: unknown): string[] => {
  const found: string[] = [];
  secretTexts(value, (text) => found.push(text));
  return found.sort();
};

test('of an SSH connection that is secret as a whole the key is hidden, and messages can still name the host', () => {
  const connection = {
    host: 'staging.example',
    user: 'deploy',
    hostKey: 'ssh-ed25519 AAAA',
    privateKey: 'KEY',
    port: 22,
  };
  expect(textsIn({ connection: secret(connection) })).toEqual(['KEY']);
  expect(textsIn({ connection: secret({ ...connection, password: 'word' }) })).toEqual(['KEY', 'word']);
});

test('of any other secret every text is hidden, a host among them', () => {
  expect(textsIn({ database: secret({ host: 'db.example', password: 'word' }) })).toEqual([
    'db.example',
    'word',
  ]);
});
