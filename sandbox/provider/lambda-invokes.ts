import type { Functions } from '../cloud/lambda/functions.ts';
import type { Props } from './contract.ts';
import { text } from './values.ts';

export interface FunctionInvokeParts {
  readonly functions: Functions;
  /** Content of a stored object; rejects when it is not there. */
  readonly object: (bucket: string, key: string) => Promise<Buffer>;
}

type Invoke = (args: Props, parts: FunctionInvokeParts) => Props | string | Promise<Props | string>;

/** One type of Cloud Control is known: it alone tells an alias's weights to a program. */
const resource: Invoke = (args, { functions }) => {
  const type = text(args, 'typeName') ?? '';
  if (type !== 'AWS::Lambda::Alias')
    return `the sandbox's Cloud Control knows AWS::Lambda::Alias, not ${type}`;
  const arn = text(args, 'identifier') ?? '';
  const [name = '', alias = ''] = arn.split(':').slice(6);
  const { version, additional } = functions.alias(name, alias);
  const weights = Object.entries(additional).map(([FunctionVersion, FunctionWeight]) => ({
    FunctionVersion,
    FunctionWeight,
  }));
  const properties = {
    AliasArn: arn,
    FunctionName: name,
    Name: alias,
    FunctionVersion: version,
    ...(weights.length === 0 ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
  };
  return { ...args, id: arn, properties: JSON.stringify(properties) };
};

const lambdaFunction: Invoke = (args, { functions }) => {
  const name = text(args, 'functionName') ?? '';
  const version = functions.version(name, text(args, 'qualifier'));
  return {
    ...args,
    id: name,
    version: version.number,
    qualifiedArn: version.arn,
    description: version.spec.description,
    codeSha256: version.codeSha256,
  };
};

/** Text alone, as the data source has it. */
const object: Invoke = async (args, parts) => {
  const [bucket, key] = [text(args, 'bucket') ?? '', text(args, 'key') ?? ''];
  const body = (await parts.object(bucket, key)).toString('utf8');
  return { ...args, id: `${bucket}/${key}`, body, contentType: 'application/json' };
};

export const FUNCTION_INVOKES: Readonly<Record<string, Invoke>> = {
  'aws:cloudcontrol/getResource:getResource': resource,
  'aws:lambda/getFunction:getFunction': lambdaFunction,
  'aws:s3/getObject:getObject': object,
};
