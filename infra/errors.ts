import * as pulumi from '@pulumi/pulumi';
import { ExpectedError } from '../lib/errors.ts';

/**
 * What a person is expected to meet becomes Pulumi's own kind of error, which is printed as one message without a
 * stack. The original stays its cause, for engines that run in this process. Anything else is a bug and stays one.
 */
export const forPulumi = (error: unknown): unknown => {
  if (!(error instanceof ExpectedError)) return error;
  const text = error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`;
  return Object.assign(new pulumi.RunError(text), { cause: error });
};
