import { namesOf } from './asked-types.ts';
import type { Request } from './evaluate.ts';
import { ACCOUNT, REGION } from './ground.ts';

const tagged = { 'aws:ResourceTag/application': 'azora', 'aws:ResourceTag/environment': 'production' };
const boundary = { 'iam:PermissionsBoundary': namesOf('production').boundary };
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
/** Action, resource and what else the request says: denied to every role. */
export const DANGEROUS: readonly (readonly [string, string, Request['context']?])[] = [
  ['iam:CreateUser', `arn:aws:iam::${ACCOUNT}:user/mallory`],
  ['iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/admin`],
  ['iam:AttachUserPolicy', `arn:aws:iam::${ACCOUNT}:user/admin`],
  ['iam:AttachRolePolicy', role('azora-production-deploy')],
  ['iam:AttachRolePolicy', role('azora-production-blue-api-gateway-task')],
  ['iam:PutRolePolicy', role('azora-production-deploy'), boundary],
  ['iam:UpdateAssumeRolePolicy', role('azora-production-rollback')],
  ['iam:CreateRole', role('administrator'), boundary],
  // A role without the boundary could be made an administrator.
  ['iam:CreateRole', role('azora-production-blue-api-gateway-task')],
  ['iam:CreateRole', role('azora-production-blue-x'), { 'iam:PermissionsBoundary': role('other') }],
  ['iam:PutRolePolicy', role('azora-production-blue-api-gateway-task')],
  ['iam:DeleteRolePermissionsBoundary', role('azora-production-blue-api-gateway-task'), boundary],
  ['iam:PutRolePermissionsBoundary', role('azora-production-blue-api-gateway-task'), boundary],
  ['iam:CreatePolicyVersion', namesOf('production').boundary],
  ['iam:PassRole', role('azora-production-deploy'), { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }],
  ['iam:PassRole', role('azora-production-blue-x-task'), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
  ['iam:CreateOpenIDConnectProvider', '*'],
  ['sts:AssumeRole', role('administrator')],
  ['sts:AssumeRole', role('azora-staging-deploy')],
  ['organizations:LeaveOrganization', '*'],
  ['s3:DeleteBucket', 'arn:aws:s3:::azora-backups'],
  ['s3:DeleteBucket', 'arn:aws:s3:::azora-production-record'],
  ['s3:DeleteBucket', 'arn:aws:s3:::azora-pulumi-state'],
  ['s3:DeleteObject', 'arn:aws:s3:::azora-backups/prod/backup-1.sql.gz'],
  ['s3:DeleteObjectVersion', 'arn:aws:s3:::azora-backups/prod/backup-1.sql.gz'],
  ['s3:DeleteObjectVersion', 'arn:aws:s3:::azora-production-record/records/production/1.json'],
  ['s3:DeleteObject', 'arn:aws:s3:::azora-production-record/records/production/1.json'],
  ['s3:BypassGovernanceRetention', 'arn:aws:s3:::azora-backups/prod/backup-1.sql.gz'],
  ['s3:PutBucketAcl', 'arn:aws:s3:::azora-backups'],
  ['s3:PutReplicationConfiguration', 'arn:aws:s3:::azora-backups'],
  ['s3:GetObject', 'arn:aws:s3:::azora-pulumi-state/.pulumi/stacks/sluice/foundation.json'],
  ['s3:PutObject', 'arn:aws:s3:::azora-pulumi-state/.pulumi/stacks/sluice/foundation.json'],
  ['ecs:UpdateService', `arn:aws:ecs:${REGION}:${ACCOUNT}:service/others/api`],
  ['ecs:ExecuteCommand', `arn:aws:ecs:${REGION}:${ACCOUNT}:task/azora-production/0123`],
  ['ecs:DeleteCluster', `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/others`],
  [
    'ec2:CreateTags',
    `arn:aws:ec2:${REGION}:${ACCOUNT}:vpc/vpc-others`,
    {
      'aws:RequestTag/application': 'azora',
      'aws:RequestTag/environment': 'production',
    },
  ],
  ['ec2:DeleteVpc', `arn:aws:ec2:${REGION}:${ACCOUNT}:vpc/vpc-others`],
  ['ec2:RunInstances', '*', tagged],
  ['secretsmanager:GetSecretValue', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:OTHERS-AbCdEf`],
  [
    'secretsmanager:PutSecretValue',
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:PROD_DATABASE_URL-AbCdEf`,
  ],
  [
    'secretsmanager:DeleteSecret',
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:PROD_DATABASE_URL-AbCdEf`,
  ],
  [
    'route53:ChangeResourceRecordSets',
    'arn:aws:route53:::hostedzone/Z0123456789ABC',
    {
      'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['mail.azora.world'],
    },
  ],
  ['logs:DeleteLogGroup', `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/cloudtrail`],
  ['cloudtrail:StopLogging', '*'],
  ['kms:ScheduleKeyDeletion', `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`],
  ['rds:DeleteDBInstance', `arn:aws:rds:${REGION}:${ACCOUNT}:db:azora-production`],
];
