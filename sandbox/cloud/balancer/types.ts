/** Conditions of a listener rule, with ALB's meaning. All conditions must hold; one pattern of a condition suffices. */
export type Condition =
  | { readonly kind: 'path' | 'host'; readonly patterns: readonly string[] }
  | { readonly kind: 'header'; readonly name: string; readonly patterns: readonly string[] }
  | {
      readonly kind: 'query';
      readonly pairs: readonly { readonly key: string | undefined; readonly value: string }[];
    }
  | { readonly kind: 'method'; readonly methods: readonly string[] };

export interface WeightedGroup {
  readonly arn: string;
  /** 0 to 999. */
  readonly weight: number;
}

export type Action =
  | { readonly kind: 'forward'; readonly groups: readonly WeightedGroup[] }
  | { readonly kind: 'fixed'; readonly status: number; readonly contentType: string; readonly body: string }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      /** With ALB's placeholders `#{protocol}`, `#{host}`, `#{port}`, `#{path}`, `#{query}`. */
      readonly protocol: string;
      readonly host: string;
      readonly port: string;
      readonly path: string;
      readonly query: string;
    };

export interface RuleSpec {
  /** 1 to 50000; lower first. */
  readonly priority: number;
  readonly conditions: readonly Condition[];
  readonly action: Action;
}

export interface HealthCheck {
  readonly enabled: boolean;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** ALB's matcher: `200`, `200,202`, `200-299`. */
  readonly matcher: string;
}

export interface GroupSpec {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly vpcId: string;
  readonly healthCheck: HealthCheck;
  /** How long a removed target may finish its requests. */
  readonly deregistrationMs: number;
}

export interface ListenerSpec {
  readonly loadBalancer: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly action: Action;
}
