/** IAM policies, as JSON: pure. */

const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

const logAndSecrets = (logGroupArn: string, secretArns: readonly string[]): readonly object[] => [
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
];

/** For tasks alone, not for people or other services. */
export const assumedByTasks: string = policy({
  Effect: 'Allow',
  Principal: { Service: 'ecs-tasks.amazonaws.com' },
  Action: 'sts:AssumeRole',
});

/** For functions alone. */
export const assumedByFunctions: string = policy({
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
});

/** What a function needs beside its own doing: write its log, read its secrets. */
export const functionPolicy = ({
  logGroupArn,
  secretArns,
}: Pick<ExecutionPolicyArgs, 'logGroupArn' | 'secretArns'>): string =>
  policy(...logAndSecrets(logGroupArn, secretArns));

export interface ExecutionPolicyArgs {
  readonly logGroupArn: string;
  readonly secretArns: readonly string[];
  /** Undefined where the image is not in ECR. */
  readonly ecrRepository: string | undefined;
}

/** What starting a task needs and nothing else: pull its image, write its log, read its secrets. */
export const executionPolicy = ({ logGroupArn, secretArns, ecrRepository }: ExecutionPolicyArgs): string =>
  policy(
    ...logAndSecrets(logGroupArn, secretArns),
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
