import * as pulumi from '@pulumi/pulumi';
import type { LoadBalancer } from '../../../components/load-balancer.ts';
import type { App } from '../../../config/types.ts';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost)(:\d+)?$/;

/**
 * The address at which this machine reaches the application: its own, or the load balancer's where that one
 * stands on this machine (the sandbox), whose port is not known before.
 */
export const publicUrl = (app: App, balancer: LoadBalancer): pulumi.Output<string> =>
  balancer.dnsName === undefined
    ? pulumi.output(app.url)
    : balancer.dnsName.apply((name) => (LOOPBACK.test(name) ? `http://${name}` : app.url));
