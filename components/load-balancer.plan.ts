import { badInput } from '../lib/errors.ts';
import { cloudName, LIMITS, type Scope } from './names.ts';

export interface LoadBalancerPlanArgs {
  readonly scope: Scope;
  /** Public address, e.g. `https://azora.world`. */
  readonly url: string;
  readonly certificateArn: string | undefined;
  readonly zoneId: string | undefined;
  /** IPv4 ranges that may connect. */
  readonly allowedCidrs: readonly string[];
}

export interface LoadBalancerPlan {
  readonly name: string;
  readonly host: string;
  /** `given`: an existing certificate. `requested`: one is requested, and proven through DNS records in the zone, where there is one. */
  readonly certificate: 'given' | 'requested';
  /** Whether records are written: the proof of the certificate, and the host's address. */
  readonly records: boolean;
  readonly ingress: readonly { readonly role: string; readonly port: number; readonly cidr: string }[];
}

/** Ports that clients may connect to: plain HTTP is only ever redirected. */
const PORTS = [80, 443] as const;

export const planLoadBalancer = (args: LoadBalancerPlanArgs): LoadBalancerPlan => {
  const url = URL.parse(args.url);
  if (url === null || url.hostname === '')
    throw badInput('the load balancer has no host name', [
      { path: 'url', reason: 'no address', got: args.url, allowed: 'e.g. https://azora.world' },
    ]);
  const { scope } = args;
  return {
    name: cloudName(LIMITS.loadBalancer, scope.application, scope.environment),
    host: url.hostname,
    certificate: args.certificateArn === undefined ? 'requested' : 'given',
    records: args.zoneId !== undefined,
    ingress: args.allowedCidrs.flatMap((cidr) =>
      PORTS.map((port) => ({ role: `in-${port}-${cidr.replaceAll(/[^0-9a-f]+/gi, '-')}`, port, cidr })),
    ),
  };
};
