import { iam } from '../handler.ts';
import { text } from '../values.ts';
import { policyFailures } from './iam-policy.ts';
import type { Kept } from './kept-type.ts';

/** Roles, certificates, keys and secrets by name. */
export const IDENTITY: Readonly<Record<string, Kept>> = {
  'aws:iam/role:Role': {
    id: 'name',
    autoName: { property: 'name', max: 64 },
    required: ['assumeRolePolicy'],
    defaults: { path: '/', maxSessionDuration: 3600, forceDetachPolicies: false },
    replaces: ['name', 'namePrefix', 'path'],
    validate: (inputs) => policyFailures(inputs, 'assumeRolePolicy', 2048),
    outputs: (inputs, ids) => ({
      name: inputs['name'],
      arn: ids.globalArn('iam', `role${text(inputs, 'path') ?? '/'}${text(inputs, 'name') ?? ''}`),
      uniqueId: `AROA${ids.hex(17).toUpperCase()}`,
      createDate: new Date().toISOString(),
    }),
    actions: iam(
      'iam',
      'CreateRole TagRole',
      'GetRole ListRolePolicies ListAttachedRolePolicies',
      'UpdateRole UpdateAssumeRolePolicy TagRole UntagRole',
      'DeleteRole ListInstanceProfilesForRole',
    ),
  },
  'aws:iam/rolePolicy:RolePolicy': {
    id: 'key',
    autoName: { property: 'name', max: 128 },
    required: ['role', 'policy'],
    replaces: ['name', 'namePrefix', 'role'],
    validate: (inputs) => policyFailures(inputs, 'policy', 10_240),
    outputs: (inputs) => ({ key: `${text(inputs, 'role') ?? ''}:${text(inputs, 'name') ?? ''}` }),
    actions: iam('iam', 'PutRolePolicy', 'GetRolePolicy', 'PutRolePolicy', 'DeleteRolePolicy'),
  },
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': {
    id: 'key',
    required: ['role', 'policyArn'],
    replaces: ['role', 'policyArn'],
    outputs: (inputs, ids) => ({ key: `${text(inputs, 'role') ?? ''}-${ids.hex(26)}` }),
    actions: iam('iam', 'AttachRolePolicy', 'ListAttachedRolePolicies', '', 'DetachRolePolicy'),
  },
  'aws:iam/policy:Policy': {
    autoName: { property: 'name', max: 128 },
    required: ['policy'],
    defaults: { path: '/' },
    replaces: ['name', 'namePrefix', 'path', 'description'],
    validate: (inputs) => policyFailures(inputs, 'policy', 6144),
    outputs: (inputs, ids) => ({
      arn: ids.globalArn('iam', `policy/${text(inputs, 'name') ?? ''}`),
      policyId: `ANPA${ids.hex(17).toUpperCase()}`,
    }),
    actions: iam(
      'iam',
      'CreatePolicy',
      'GetPolicy GetPolicyVersion',
      'CreatePolicyVersion DeletePolicyVersion',
      'DeletePolicy ListPolicyVersions',
    ),
  },
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider': {
    required: ['clientIdLists', 'url'],
    replaces: ['url'],
    validate: (inputs) =>
      text(inputs, 'url')?.startsWith('https://') === false
        ? [{ property: 'url', reason: 'must begin with https://' }]
        : [],
    outputs: (inputs, ids) => ({
      arn: ids.globalArn('iam', `oidc-provider/${(text(inputs, 'url') ?? '').replace('https://', '')}`),
    }),
    actions: iam(
      'iam',
      'CreateOpenIDConnectProvider',
      'GetOpenIDConnectProvider',
      'UpdateOpenIDConnectProviderThumbprint',
      'DeleteOpenIDConnectProvider',
    ),
  },
  'aws:acm/certificate:Certificate': {
    replaces: ['domainName', 'subjectAlternativeNames', 'validationMethod'],
    outputs: (inputs, ids) => ({
      arn: ids.arn(
        'acm',
        `certificate/${ids.hex(8)}-${ids.hex(4)}-${ids.hex(4)}-${ids.hex(4)}-${ids.hex(12)}`,
      ),
      status: 'ISSUED',
      type: 'AMAZON_ISSUED',
      notAfter: new Date(Date.now() + 395 * 86_400_000).toISOString(),
      domainValidationOptions: [
        {
          domainName: inputs['domainName'],
          resourceRecordName: `_${ids.hex(32)}.${text(inputs, 'domainName') ?? ''}.`,
          resourceRecordType: 'CNAME',
          resourceRecordValue: `_${ids.hex(32)}.acm-validations.aws.`,
        },
      ],
    }),
    actions: iam(
      'acm',
      'RequestCertificate AddTagsToCertificate',
      'DescribeCertificate ListTagsForCertificate',
      'UpdateCertificateOptions',
      'DeleteCertificate',
    ),
  },
  'aws:acm/certificateValidation:CertificateValidation': {
    id: 'key',
    required: ['certificateArn'],
    replaces: ['certificateArn', 'validationRecordFqdns'],
    outputs: () => ({ key: new Date().toISOString() }),
    actions: iam('acm', 'DescribeCertificate', 'DescribeCertificate'),
  },
  'aws:secretsmanager/secret:Secret': {
    autoName: { property: 'name', max: 512 },
    replaces: ['name', 'namePrefix'],
    outputs: (inputs, ids) => ({
      arn: ids.arn('secretsmanager', `secret:${text(inputs, 'name') ?? ''}-${ids.hex(6)}`),
    }),
    actions: iam(
      'secretsmanager',
      'CreateSecret',
      'DescribeSecret GetResourcePolicy',
      'UpdateSecret',
      'DeleteSecret',
    ),
  },
  'aws:kms/key:Key': {
    id: 'keyId',
    outputs: (_, ids) => {
      const keyId = `${ids.hex(8)}-${ids.hex(4)}-${ids.hex(12)}`;
      return { keyId, arn: ids.arn('kms', `key/${keyId}`) };
    },
    actions: iam('kms', 'CreateKey', 'DescribeKey', 'PutKeyPolicy', 'ScheduleKeyDeletion'),
  },
};
