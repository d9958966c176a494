import type { Balancer } from '../cloud/balancer/balancer.ts';
import type { CloudOptions } from '../cloud/options.ts';
import type { Functions } from '../cloud/lambda/functions.ts';
import type { Scheduler } from '../cloud/tasks/scheduler.ts';
import type { Handler } from './handler.ts';
import type { Identity } from './identity.ts';
import { listener, listenerRule, loadBalancer } from './types/balancing.ts';
import { targetGroup } from './types/groups.ts';
import {
  bucket,
  bucketObject,
  keptSetting,
  lifecycle,
  objectLock,
  policy,
  publicAccessBlock,
  versioning,
  type BucketStore,
} from './types/buckets.ts';
import { localCommand, type CommandPlace } from './types/command.ts';
import { remoteCommand } from './types/hosts.ts';
import { githubHandlers } from './types/github.ts';
import { cluster, service, taskDefinition } from './types/containers.ts';
import { keptHandlers } from './types/kept.ts';
import { lambdaAlias, lambdaFunction } from './types/lambda.ts';

/** The parts of the cloud that stand behind the types which carry traffic and data. */
export interface HandlerParts {
  readonly ids: Identity;
  readonly options: CloudOptions;
  readonly balancer: Balancer;
  readonly scheduler: Scheduler;
  readonly buckets: BucketStore;
  readonly command: CommandPlace;
  readonly functions: Functions;
}

/** Resource type → handler. Types that are not in it keep state only. */
export const handlers = ({
  ids,
  options,
  balancer,
  scheduler,
  buckets,
  command,
  functions,
}: HandlerParts): Map<string, Handler> =>
  new Map<string, Handler>([
    ...keptHandlers(ids),
    ...githubHandlers(ids),
    ['aws:lb/loadBalancer:LoadBalancer', loadBalancer(balancer, ids)],
    ['aws:lb/listener:Listener', listener(balancer, ids)],
    ['aws:lb/listenerRule:ListenerRule', listenerRule(balancer, ids)],
    ['aws:lb/targetGroup:TargetGroup', targetGroup(balancer, ids)],
    ['aws:ecs/cluster:Cluster', cluster(ids)],
    ['aws:ecs/taskDefinition:TaskDefinition', taskDefinition(scheduler, ids)],
    ['aws:ecs/service:Service', service(scheduler, ids, options)],
    ['aws:s3/bucket:Bucket', bucket(buckets, ids)],
    ['aws:s3/bucketVersioning:BucketVersioning', versioning(buckets)],
    ['aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration', objectLock(buckets)],
    ['aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', lifecycle(buckets)],
    [
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      keptSetting(buckets, 'EncryptionConfiguration'),
    ],
    ['aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', publicAccessBlock(buckets)],
    ['aws:s3/bucketPolicy:BucketPolicy', policy(buckets)],
    [
      'aws:s3/bucketOwnershipControls:BucketOwnershipControls',
      keptSetting(buckets, 'BucketOwnershipControls'),
    ],
    ['aws:s3/bucketObjectv2:BucketObjectv2', bucketObject(buckets, ids)],
    ['aws:lambda/function:Function', lambdaFunction(functions, ids)],
    ['aws:lambda/alias:Alias', lambdaAlias(functions, ids)],
    ['command:local:Command', localCommand(command, (n) => ids.hex(n))],
    ['command:remote:Command', remoteCommand(command.log, (n) => ids.hex(n))],
  ]);
