/** Target group ARN → weight (0 to 999) as the load balancer has it. A group that is absent has no traffic. */
export type Weights = Readonly<Record<string, number>>;

export interface Rule {
  readonly arn: string;
  readonly weights: Weights;
}

/** Direct calls to the load balancer: they need neither the stack's lock nor the program. */
export interface Traffic {
  /** Weights of the named rules as they are now. */
  read(rules: readonly string[]): Promise<readonly Rule[]>;
  /** Replaces the weights of several rules, all at once (in parallel). Does not wait for propagation. */
  write(rules: readonly Rule[]): Promise<void>;
}
