/** The IAM actions that the real provider needs for each data source of AWS that the sandbox knows. */
export const INVOKE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'aws:index/getAvailabilityZones:getAvailabilityZones': ['ec2:DescribeAvailabilityZones'],
  // Anybody may ask who they are; region and partition are asked of nobody.
  'aws:index/getCallerIdentity:getCallerIdentity': [],
  'aws:index/getRegion:getRegion': [],
  'aws:index/getPartition:getPartition': [],
  'aws:iam/getPolicyDocument:getPolicyDocument': [],
  // Cloud Control asks for what it reads in the name of whoever asks it.
  'aws:cloudcontrol/getResource:getResource': ['cloudformation:GetResource', 'lambda:GetAlias'],
  'aws:lambda/getFunction:getFunction': ['lambda:GetFunction', 'lambda:ListVersionsByFunction'],
  'aws:s3/getObject:getObject': ['s3:GetObject', 's3:GetObjectTagging', 's3:ListBucket'],
  'aws:lb/getListenerRule:getListenerRule': [
    'elasticloadbalancing:DescribeRules',
    'elasticloadbalancing:DescribeTags',
  ],
  'aws:ecr/getImage:getImage': ['ecr:DescribeImages'],
  'aws:secretsmanager/getSecretVersions:getSecretVersions': [
    'secretsmanager:DescribeSecret',
    'secretsmanager:ListSecretVersionIds',
  ],
};
