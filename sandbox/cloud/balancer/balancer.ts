import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from 'node:http';
import { CloudError } from '../options.ts';
import { TargetGroup } from './group.ts';
import { watchHealth } from './health.ts';
import {
  addressOf,
  closeServer,
  compileAction,
  compileRule,
  handleRequest,
  Listener,
  serve,
  type Surroundings,
} from './listener.ts';
import { answerItself } from './relay.ts';
import { checkAction, checkConditions, checkPriority } from './refusals.ts';
import type { GroupSpec, ListenerSpec, RuleSpec } from './types.ts';

interface LoadBalancer {
  readonly arn: string;
  readonly name: string;
  readonly server: Server;
  /** `127.0.0.1:port`: answers as the load balancer's main listener (HTTPS if there is one). */
  readonly address: string;
}

const RULES_PER_LISTENER = 100;

/**
 * The load balancers of this cloud: ALB's listeners, rules, weights, target groups and health checks on loopback.
 * Every change holds for the next request; requests in flight finish as they began.
 */
export class Balancer implements Surroundings {
  readonly loadBalancers = new Map<string, LoadBalancer>();
  readonly listeners = new Map<string, Listener>();
  readonly groups = new Map<string, TargetGroup>();
  readonly #ruleOwners = new Map<string, Listener>();
  readonly #watches = new Map<string, AbortController>();
  readonly #timeFactor: number;
  /** Most rules a listener may hold; AWS's quota is 100. */
  maxRules = RULES_PER_LISTENER;

  constructor(timeFactor: number) {
    this.#timeFactor = timeFactor;
  }

  group(arn: string): TargetGroup | undefined {
    return this.groups.get(arn);
  }

  portAddress(listener: Listener, port: string): string | undefined {
    return this.#listenersOf(listener.spec.loadBalancer).find((l) => String(l.spec.port) === port)?.address;
  }

  #listenersOf(loadBalancer: string): Listener[] {
    return [...this.listeners.values()].filter((l) => l.spec.loadBalancer === loadBalancer);
  }

  async createLoadBalancer(arn: string, name: string): Promise<LoadBalancer> {
    if ([...this.loadBalancers.values()].some((lb) => lb.name === name))
      throw new CloudError('DuplicateLoadBalancerName', `a load balancer named ${name} exists already`);
    const server = await serve((request, response) => {
      const all = this.#listenersOf(arn);
      const main = all.find((l) => l.spec.protocol === 'HTTPS') ?? all[0];
      if (main === undefined) return answerItself(response, 503);
      handleRequest(main, this, request, response);
    });
    const loadBalancer = { arn, name, server, address: addressOf(server) };
    this.loadBalancers.set(arn, loadBalancer);
    return loadBalancer;
  }

  async deleteLoadBalancer(arn: string): Promise<void> {
    const loadBalancer = this.loadBalancers.get(arn);
    if (loadBalancer === undefined) return;
    this.loadBalancers.delete(arn);
    for (const listener of this.#listenersOf(arn)) await this.deleteListener(listener.arn);
    await closeServer(loadBalancer.server);
  }

  async createListener(arn: string, spec: ListenerSpec): Promise<Listener> {
    if (!this.loadBalancers.has(spec.loadBalancer))
      throw new CloudError('LoadBalancerNotFound', `no load balancer ${spec.loadBalancer}`);
    if (this.#listenersOf(spec.loadBalancer).some((l) => l.spec.port === spec.port))
      throw new CloudError('DuplicateListener', `a listener on port ${spec.port} exists already`);
    this.#checkAction(spec.action);
    const listener = new Listener(arn, spec);
    await listener.open((request, response) => handleRequest(listener, this, request, response));
    this.listeners.set(arn, listener);
    return listener;
  }

  updateListener(arn: string, spec: ListenerSpec): void {
    const listener = this.#listener(arn);
    this.#checkAction(spec.action);
    listener.spec = spec;
    listener.fallback = compileAction(spec.action);
  }

  async deleteListener(arn: string): Promise<void> {
    const listener = this.listeners.get(arn);
    if (listener === undefined) return;
    this.listeners.delete(arn);
    for (const rule of listener.rules) this.#ruleOwners.delete(rule.arn);
    await listener.close();
  }

  createRule(arn: string, listenerArn: string, spec: RuleSpec): void {
    const listener = this.#listener(listenerArn);
    if (listener.rules.length >= this.maxRules)
      throw new CloudError(
        'TooManyRules',
        `listener ${listenerArn} holds its ${this.maxRules} rules already`,
      );
    this.#checkRule(listener, arn, spec);
    listener.setRules([...listener.rules, compileRule(arn, spec)]);
    this.#ruleOwners.set(arn, listener);
  }

  updateRule(arn: string, change: Partial<RuleSpec>): void {
    const { listener, rule } = this.#rule(arn);
    const spec = { ...rule.spec, ...change };
    this.#checkRule(listener, arn, spec);
    listener.setRules(listener.rules.map((r) => (r.arn === arn ? compileRule(arn, spec) : r)));
  }

  deleteRule(arn: string): void {
    const listener = this.#ruleOwners.get(arn);
    if (listener === undefined) return;
    this.#ruleOwners.delete(arn);
    listener.setRules(listener.rules.filter((r) => r.arn !== arn));
  }

  /** A rule as it is now; undefined when there is none. */
  findRule(arn: string): { listener: string; spec: RuleSpec } | undefined {
    const listener = this.#ruleOwners.get(arn);
    const rule = listener?.rules.find((r) => r.arn === arn);
    return listener === undefined || rule === undefined
      ? undefined
      : { listener: listener.arn, spec: rule.spec };
  }

  /** The lowest priority above all that are taken, as AWS gives one. */
  nextPriority(listenerArn: string): number {
    return Math.max(0, ...this.#listener(listenerArn).rules.map((r) => r.spec.priority)) + 1;
  }

  createGroup(arn: string, spec: GroupSpec): void {
    if ([...this.groups.values()].some((g) => g.spec.name === spec.name))
      throw new CloudError('DuplicateTargetGroupName', `a target group named ${spec.name} exists already`);
    this.groups.set(arn, new TargetGroup(arn, spec, Date.now()));
  }

  updateGroup(arn: string, spec: GroupSpec): void {
    this.#group(arn).spec = spec;
  }

  async deleteGroup(arn: string): Promise<void> {
    const group = this.groups.get(arn);
    if (group === undefined) return;
    if (this.attached(arn))
      throw new CloudError(
        'ResourceInUse',
        `target group ${group.spec.name} is in use by a listener or a rule: remove it from there first`,
      );
    this.groups.delete(arn);
    await Promise.all([...group.targets.keys()].map((id) => this.#drop(group, id)));
  }

  /** Whether a listener or a rule forwards to the group. */
  attached(arn: string): boolean {
    return [...this.listeners.values()].some((listener) =>
      [listener.fallback, ...listener.rules].some(
        ({ action }) => action.kind === 'forward' && action.groups.some((g) => g.arn === arn),
      ),
    );
  }

  /** Adds `host:port`; it gets requests once its health check has passed. */
  register(groupArn: string, id: string): void {
    const group = this.#group(groupArn);
    if (group.targets.has(id)) return;
    const target = group.add(id);
    const abort = new AbortController();
    this.#watches.set(`${groupArn} ${id}`, abort);
    void watchHealth(group, target, this.#timeFactor, abort.signal);
  }

  /** No new requests from now on; resolves when those in flight are done, or after the group's drain time. */
  async deregister(groupArn: string, id: string): Promise<void> {
    const group = this.groups.get(groupArn);
    const target = group?.targets.get(id);
    if (group === undefined || target === undefined) return;
    target.state = 'draining';
    group.changed();
    const deadline = Date.now() + Math.max(1_000, group.spec.deregistrationMs * this.#timeFactor);
    while (target.inFlight > 0 && Date.now() < deadline) await delay(10);
    await this.#drop(group, id);
  }

  async #drop(group: TargetGroup, id: string): Promise<void> {
    const target = group.targets.get(id);
    const key = `${group.arn} ${id}`;
    this.#watches.get(key)?.abort();
    this.#watches.delete(key);
    group.targets.delete(id);
    group.changed();
    await target?.pool.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([...this.loadBalancers.keys()].map((arn) => this.deleteLoadBalancer(arn)));
    await Promise.all(
      [...this.groups.values()].flatMap((g) => [...g.targets.keys()].map((id) => this.#drop(g, id))),
    );
  }

  #checkRule(listener: Listener, arn: string, spec: RuleSpec): void {
    checkPriority(spec.priority);
    checkConditions(spec.conditions);
    this.#checkAction(spec.action);
    const taken = listener.rules.find((r) => r.spec.priority === spec.priority && r.arn !== arn);
    if (taken !== undefined)
      throw new CloudError('PriorityInUse', `priority ${spec.priority} is taken by rule ${taken.arn}`);
  }

  #checkAction(action: RuleSpec['action']): void {
    checkAction(action);
    if (action.kind === 'forward') for (const { arn } of action.groups) this.#group(arn);
  }

  #group(arn: string): TargetGroup {
    const group = this.groups.get(arn);
    if (group === undefined) throw new CloudError('TargetGroupNotFound', `no target group ${arn}`);
    return group;
  }

  #listener(arn: string): Listener {
    const listener = this.listeners.get(arn);
    if (listener === undefined) throw new CloudError('ListenerNotFound', `no listener ${arn}`);
    return listener;
  }

  #rule(arn: string): { listener: Listener; rule: Listener['rules'][number] } {
    const listener = this.#ruleOwners.get(arn);
    const rule = listener?.rules.find((r) => r.arn === arn);
    if (listener === undefined || rule === undefined) throw new CloudError('RuleNotFound', `no rule ${arn}`);
    return { listener, rule };
  }
}
