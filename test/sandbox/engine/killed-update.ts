import { join } from 'node:path';
import { createEngine, fileStore } from '../../../sandbox/engine/index.ts';
import { ToyCloud, toy } from './toy.ts';

/** Run as a process of its own: an update that makes `a` and hangs while it makes `b`, until somebody kills it. */
const [directory = ''] = process.argv.slice(2);
const cloud = new ToyCloud();
cloud.before = (what) => {
  if (what !== 'create b') return undefined;
  process.stdout.write('making b\n');
  return new Promise(() => setInterval(() => undefined, 1000));
};
await createEngine({
  project: 'toys',
  stack: 'dev',
  program: async () => ({ of: toy('b', { note: toy('a').address }).address }),
  config: {},
  provider: cloud,
  store: fileStore(join(directory, 'dev')),
  passphrase: 'correct horse',
  now: () => Date.now(),
}).up();
