import { EXIT, ExpectedError } from '../../../lib/errors.ts';

const bad = (what: string, arn: string, allowed: string): ExpectedError =>
  new ExpectedError(`not ${what}: ${arn} (allowed: ${allowed})`, { exit: EXIT.badInput });

/** The `LoadBalancer` dimension of CloudWatch, `app/<name>/<id>`, from the ARN of a load balancer or a listener. */
export const loadBalancerDimension = (arn: string): string => {
  const found = /:(?:loadbalancer|listener)\/(app\/[^/]+\/[^/]+)/.exec(arn)?.[1];
  if (found === undefined)
    throw bad('an Application Load Balancer', arn, 'the ARN of a load balancer or of its listener');
  return found;
};

/** The `TargetGroup` dimension, `targetgroup/<name>/<id>`. */
export const targetGroupDimension = (arn: string): string => {
  const found = /:(targetgroup\/[^/]+\/[^/]+)$/.exec(arn)?.[1];
  if (found === undefined) throw bad('a target group', arn, 'the ARN of a target group');
  return found;
};
