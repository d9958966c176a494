// What runs in place of an action when workflow files are executed on this machine: it writes down what it was given,
// and does the little that the next steps need. Its name is the first argument of the generated `main.mjs`.
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, globSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const env = process.env;
const given = Object.fromEntries(
  Object.entries(env).flatMap(([key, value]) =>
    key.startsWith('INPUT_') ? [[key.slice('INPUT_'.length).toLowerCase(), value]] : [],
  ),
);

/** The commit of the run, as the real one leaves it: no history, no token. */
const checkout = () => {
  const tree = execFileSync('git', ['-C', env.STAND_IN_REPOSITORY, 'archive', given.ref ?? env.GITHUB_SHA], {
    maxBuffer: 1 << 28,
  });
  execFileSync('tar', ['x', '-C', env.GITHUB_WORKSPACE], { input: tree });
};

/** `npm ci` finds what is installed already. */
const setupNode = () => appendFileSync(env.GITHUB_PATH, `${env.STAND_IN_BIN}\n`);

const upload = () => {
  const files = globSync(given.path, { cwd: env.GITHUB_WORKSPACE });
  if (files.length === 0) return;
  const target = join(env.STAND_IN_ARTIFACTS, given.name);
  mkdirSync(target, { recursive: true });
  for (const file of files) cpSync(join(env.GITHUB_WORKSPACE, file), join(target, basename(file)));
};

/** Runs one action. */
export const act = (action) => {
  appendFileSync(
    env.STAND_IN_RECORD,
    `${JSON.stringify({ action, job: env.GITHUB_JOB, run: env.GITHUB_RUN_ID, given, token: env.GITHUB_TOKEN !== undefined })}\n`,
  );
  if (action === 'actions/checkout') checkout();
  if (action === 'actions/setup-node') setupNode();
  if (action === 'actions/upload-artifact') upload();
};
