import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseGithub } from '../../config/github.ts';
import { parseProjectFile, readStackFile } from '../../config/stack-file.ts';
import { badInput, refused } from '../../lib/errors.ts';
import type { WorkflowSettings } from '../../workflows/files.ts';
import { readStackConfig, ROOT } from '../session/stack-config.ts';

/** Stack of what both environments share. */
const FOUNDATION = 'foundation';

const githubText = (folder: string): string => {
  const file = `Pulumi.${FOUNDATION}.yaml`;
  const path = join(folder, file);
  if (!existsSync(path))
    throw refused(
      `${file} is not there: it says when what is deployed, and who is asked`,
      `write it: see Pulumi.${FOUNDATION}.yaml of this template`,
    );
  const { name } = parseProjectFile(readFileSync(join(folder, 'Pulumi.yaml'), 'utf8'));
  const written = readStackFile(readFileSync(path, 'utf8'), name, file)['sluice:github'];
  if (written !== undefined) return written;
  throw badInput(`${file} has a problem:`, [{ path: 'sluice:github', reason: 'is missing' }]);
};

/** What the pipeline is made from: the stack files of a folder. Throws bad input with every problem of a file. */
export const readWorkflowSettings = (folder: string = ROOT): WorkflowSettings => {
  const github = parseGithub(JSON.parse(githubText(folder)), { stack: FOUNDATION });
  const appOf = (stack: string) => readStackConfig(stack, {}, { folder }).app;
  return {
    github,
    apps: { staging: appOf(github.stacks.staging), production: appOf(github.stacks.production) },
  };
};
