import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderObjects } from '../../../release/adapters/objects-folder.ts';
import { objectsContract } from '../../support/contracts/objects.ts';

objectsContract('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'objects-'));
  return Promise.resolve({
    objects: folderObjects(folder),
    close: () => Promise.resolve(rmSync(folder, { recursive: true })),
  });
});
