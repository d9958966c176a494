import * as pulumi from '@pulumi/pulumi';
import { Certificate } from '@pulumi/aws/acm/certificate.js';
import { CertificateValidation } from '@pulumi/aws/acm/certificateValidation.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Listener } from '@pulumi/aws/lb/listener.js';
import { LoadBalancer as Alb } from '@pulumi/aws/lb/loadBalancer.js';
import { Record as DnsRecord } from '@pulumi/aws/route53/record.js';
import { SecurityGroupEgressRule } from '@pulumi/aws/vpc/securityGroupEgressRule.js';
import { SecurityGroupIngressRule } from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type { LoadBalancer as LoadBalancerSettings } from '../config/types.ts';
import { planLoadBalancer, type LoadBalancerPlan } from './load-balancer.plan.ts';
import { tagsOf, identifiedName, LIMITS, type Scope, type Tags } from './names.ts';
import type { Network } from './network.ts';

export interface LoadBalancerArgs {
  readonly scope: Scope;
  readonly settings: LoadBalancerSettings;
  /** Public address of the application; its host names the certificate. */
  readonly url: string;
  readonly network: Network;
}

/** TLS 1.3, and 1.2 with forward secrecy for clients that have nothing newer. */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-2021-06';

type NewSettings = Extract<LoadBalancerSettings, { kind: 'new' }>;

/** An application load balancer that serves HTTPS alone, or an existing one: then it has no children. */
export class LoadBalancer extends pulumi.ComponentResource {
  readonly listenerArn: pulumi.Output<string>;
  /** Targets let in nothing but what comes from this group. */
  readonly securityGroupId: pulumi.Output<string>;
  /** Undefined for an existing one, whose address is the application's. */
  readonly dnsName: pulumi.Output<string> | undefined;

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sluice:components:LoadBalancer', name, {}, opts);
    const { settings } = args;
    if (settings.kind === 'existing') {
      this.listenerArn = pulumi.output(settings.listenerArn);
      this.securityGroupId = pulumi.output(settings.securityGroupId);
      this.dnsName = undefined;
    } else {
      const plan = planLoadBalancer({ ...settings, scope: args.scope, url: args.url });
      const tags = tagsOf(args.scope);
      const group = this.declareGroup(name, plan, args, tags);
      const alb = new Alb(
        `${name}-alb`,
        {
          name: plan.name,
          loadBalancerType: 'application',
          internal: settings.internal,
          subnets: settings.internal ? args.network.privateSubnetIds : args.network.publicSubnetIds,
          securityGroups: [group.id],
          dropInvalidHeaderFields: true,
          tags,
        },
        { parent: this },
      );
      this.listenerArn = this.declareListeners(
        name,
        alb,
        this.declareCertificate(name, plan, settings, tags),
        tags,
      ).arn;
      this.declareAddress(name, plan, settings, alb);
      this.securityGroupId = group.id;
      this.dnsName = alb.dnsName;
    }
    this.registerOutputs({ listenerArn: this.listenerArn });
  }

  private declareGroup(
    name: string,
    plan: LoadBalancerPlan,
    args: LoadBalancerArgs,
    tags: Tags,
  ): SecurityGroup {
    const group = new SecurityGroup(
      `${name}-group`,
      {
        name: identifiedName(LIMITS.securityGroup, args.network.identity, plan.name, 'balancer'),
        description: 'Load balancer: HTTP and HTTPS from the allowed ranges',
        vpcId: args.network.vpcId,
        tags,
      },
      { parent: this },
    );
    for (const { role, port, cidr } of plan.ingress)
      new SecurityGroupIngressRule(
        `${name}-${role}`,
        {
          securityGroupId: group.id,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          ...(cidr.includes(':') ? { cidrIpv6: cidr } : { cidrIpv4: cidr }),
          tags,
        },
        { parent: this },
      );
    new SecurityGroupEgressRule(
      `${name}-out`,
      { securityGroupId: group.id, ipProtocol: '-1', cidrIpv4: '0.0.0.0/0', tags },
      { parent: this },
    );
    return group;
  }

  private declareCertificate(
    name: string,
    plan: LoadBalancerPlan,
    settings: NewSettings,
    tags: Tags,
  ): pulumi.Input<string> {
    if (settings.certificateArn !== undefined) return settings.certificateArn;
    const certificate = new Certificate(
      `${name}-certificate`,
      { domainName: plan.host, validationMethod: 'DNS', tags },
      { parent: this },
    );
    const records: DnsRecord[] = [];
    if (settings.zoneId !== undefined) {
      // One name asked for, so one record proves it.
      const option = certificate.domainValidationOptions.apply((options) => options[0]);
      const record = new DnsRecord(
        `${name}-certificate-proof`,
        {
          zoneId: settings.zoneId,
          name: option.apply((o) => o?.resourceRecordName ?? ''),
          type: option.apply((o) => o?.resourceRecordType ?? 'CNAME'),
          records: [option.apply((o) => o?.resourceRecordValue ?? '')],
          ttl: 60,
          allowOverwrite: true,
        },
        { parent: this },
      );
      records.push(record);
    }
    return new CertificateValidation(
      `${name}-certificate-valid`,
      {
        certificateArn: certificate.arn,
        ...(records.length > 0 ? { validationRecordFqdns: records.map((r) => r.fqdn) } : {}),
      },
      { parent: this },
    ).certificateArn;
  }

  private declareListeners(
    name: string,
    alb: Alb,
    certificateArn: pulumi.Input<string>,
    tags: Tags,
  ): Listener {
    new Listener(
      `${name}-http`,
      {
        loadBalancerArn: alb.arn,
        port: 80,
        protocol: 'HTTP',
        defaultActions: [
          { type: 'redirect', redirect: { protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' } },
        ],
        tags,
      },
      { parent: this },
    );
    return new Listener(
      `${name}-https`,
      {
        loadBalancerArn: alb.arn,
        port: 443,
        protocol: 'HTTPS',
        sslPolicy: TLS_POLICY,
        certificateArn,
        defaultActions: [
          {
            type: 'fixed-response',
            fixedResponse: { contentType: 'text/plain', messageBody: 'Not found', statusCode: '404' },
          },
        ],
        tags,
      },
      { parent: this },
    );
  }

  private declareAddress(name: string, plan: LoadBalancerPlan, settings: NewSettings, alb: Alb): void {
    if (settings.zoneId === undefined) return;
    new DnsRecord(
      `${name}-address`,
      {
        zoneId: settings.zoneId,
        name: plan.host,
        type: 'A',
        aliases: [{ name: alb.dnsName, zoneId: alb.zoneId, evaluateTargetHealth: false }],
      },
      { parent: this },
    );
  }
}
