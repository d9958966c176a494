/** IAM policies, as JSON: pure. */

const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** For tasks alone, not for people or other services. */
export const assumedByTasks: string = policy({
  Effect: 'Allow',
  Principal: { Service: 'ecs-tasks.amazonaws.com' },
  Action: 'sts:AssumeRole',
});

export interface ExecutionPolicyArgs {
  readonly logGroupArn: string;
  readonly secretArns: readonly string[];
  /** Undefined where the image is not in ECR. */
  readonly ecrRepository: string | undefined;
}

/** What starting a task needs and nothing else: pull its image, write its log, read its secrets. */
export const executionPolicy = ({ logGroupArn, secretArns, ecrRepository }: ExecutionPolicyArgs): string =>
  policy(
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: [`${logGroupArn}:*`],
    },
    ...(secretArns.length === 0
      ? []
      : [
          {
            Sid: 'Secrets',
            Effect: 'Allow',
            Action: ['secretsmanager:GetSecretValue'],
            Resource: secretArns,
          },
        ]),
    ...(ecrRepository === undefined
      ? []
      : [
          // The token is for the registry as a whole: AWS knows no narrower resource for it.
          { Sid: 'Login', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
          {
            Sid: 'Pull',
            Effect: 'Allow',
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            Resource: [ecrRepository],
          },
        ]),
  );
