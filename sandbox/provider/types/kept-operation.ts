import type { Props } from '../contract.ts';
import { iam } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { text } from '../values.ts';
import type { Kept } from './kept-type.ts';

const named =
  (service: string, prefix: string, property = 'name') =>
  (inputs: Props, ids: Identity): Props => ({
    arn: ids.arn(service, `${prefix}${text(inputs, property) ?? ''}`),
  });

/** Logs, alarms, scaling, registry and names by name. */
export const OPERATION: Readonly<Record<string, Kept>> = {
  'aws:cloudwatch/logGroup:LogGroup': {
    id: 'name',
    autoName: { property: 'name', max: 512 },
    defaults: { skipDestroy: false },
    replaces: ['name', 'namePrefix'],
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      arn: ids.arn('logs', `log-group:${text(inputs, 'name') ?? ''}`),
    }),
    actions: iam(
      'logs',
      'CreateLogGroup PutRetentionPolicy TagResource',
      'DescribeLogGroups ListTagsForResource',
      'PutRetentionPolicy',
      'DeleteLogGroup',
    ),
  },
  'aws:cloudwatch/metricAlarm:MetricAlarm': {
    id: 'name',
    autoName: { property: 'name', max: 255 },
    replaces: ['name'],
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      arn: ids.arn('cloudwatch', `alarm:${text(inputs, 'name') ?? ''}`),
    }),
    actions: iam('cloudwatch', 'PutMetricAlarm', 'DescribeAlarms', 'PutMetricAlarm', 'DeleteAlarms'),
  },
  'aws:cloudwatch/dashboard:Dashboard': {
    id: 'dashboardName',
    required: ['dashboardName', 'dashboardBody'],
    replaces: ['dashboardName'],
    outputs: (inputs, ids) => ({
      dashboardName: inputs['dashboardName'],
      dashboardArn: ids.globalArn('cloudwatch', `dashboard/${text(inputs, 'dashboardName') ?? ''}`),
    }),
    actions: iam('cloudwatch', 'PutDashboard', 'GetDashboard', 'PutDashboard', 'DeleteDashboards'),
  },
  'aws:appautoscaling/target:Target': {
    id: 'resourceId',
    required: ['minCapacity', 'maxCapacity', 'resourceId', 'scalableDimension', 'serviceNamespace'],
    replaces: ['resourceId', 'scalableDimension', 'serviceNamespace'],
    outputs: (inputs, ids) => ({
      resourceId: inputs['resourceId'],
      arn: ids.arn('application-autoscaling', `scalable-target/${ids.hex(20)}`),
    }),
    actions: iam(
      'application-autoscaling',
      'RegisterScalableTarget',
      'DescribeScalableTargets',
      'RegisterScalableTarget',
      'DeregisterScalableTarget',
    ),
  },
  'aws:appautoscaling/policy:Policy': {
    id: 'name',
    autoName: { property: 'name', max: 256 },
    replaces: ['name', 'resourceId', 'scalableDimension', 'serviceNamespace'],
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      arn: ids.arn('autoscaling', `scalingPolicy:${ids.hex(20)}`),
    }),
    actions: iam(
      'application-autoscaling',
      'PutScalingPolicy',
      'DescribeScalingPolicies',
      'PutScalingPolicy',
      'DeleteScalingPolicy',
    ),
  },
  'aws:ecr/repository:Repository': {
    id: 'name',
    autoName: { property: 'name', max: 256 },
    replaces: ['name'],
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      registryId: ids.account,
      repositoryUrl: `${ids.account}.dkr.ecr.${ids.region}.amazonaws.com/${text(inputs, 'name') ?? ''}`,
      ...named('ecr', 'repository/')(inputs, ids),
    }),
    actions: iam(
      'ecr',
      'CreateRepository TagResource',
      'DescribeRepositories',
      'PutImageTagMutability PutImageScanningConfiguration',
      'DeleteRepository',
    ),
  },
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': {
    id: 'repository',
    required: ['repository', 'policy'],
    replaces: ['repository'],
    outputs: (inputs, ids) => ({ repository: inputs['repository'], registryId: ids.account }),
    actions: iam(
      'ecr',
      'PutLifecyclePolicy',
      'GetLifecyclePolicy',
      'PutLifecyclePolicy',
      'DeleteLifecyclePolicy',
    ),
  },
  'aws:servicediscovery/httpNamespace:HttpNamespace': {
    id: 'key',
    required: ['name'],
    replaces: ['name'],
    outputs: (inputs, ids) => {
      const key = `ns-${ids.hex(16)}`;
      return { key, arn: ids.arn('servicediscovery', `namespace/${key}`), httpName: inputs['name'] };
    },
    actions: iam(
      'servicediscovery',
      'CreateHttpNamespace TagResource',
      'GetNamespace GetOperation ListTagsForResource',
      'UpdateHttpNamespace TagResource UntagResource',
      'DeleteNamespace',
    ),
  },
  'aws:sns/topic:Topic': {
    autoName: { property: 'name', max: 256 },
    replaces: ['name'],
    outputs: named('sns', ''),
    actions: iam('sns', 'CreateTopic', 'GetTopicAttributes', 'SetTopicAttributes', 'DeleteTopic'),
  },
  'aws:route53/record:Record': {
    id: 'key',
    required: ['name', 'type', 'zoneId'],
    replaces: ['name', 'type', 'zoneId'],
    outputs: (inputs) => ({
      key: `${text(inputs, 'zoneId') ?? ''}_${text(inputs, 'name') ?? ''}_${text(inputs, 'type') ?? ''}`,
      fqdn: inputs['name'],
    }),
    actions: iam(
      'route53',
      'ChangeResourceRecordSets',
      'ListResourceRecordSets GetChange',
      'ChangeResourceRecordSets',
      'ChangeResourceRecordSets',
    ),
  },
};
