/** A small evaluator of IAM policies: what is here is read as AWS reads it, anything else is refused. */

export interface Policy {
  readonly Statement: readonly PolicyStatement[];
}
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Condition key → values of the request. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

const compiled = new Map<string, RegExp>();

/** `*` is any text, `?` one character. */
const wild = (pattern: string, text: string): boolean => {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const known = compiled.get(pattern);
  if (known !== undefined) return known.test(text);
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  const made = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
  compiled.set(pattern, made);
  return made.test(text);
};

const TESTS: Readonly<Record<string, (wanted: string, given: string) => boolean>> = {
  StringEquals: (wanted, given) => wanted === given,
  StringLike: (wanted, given) => wild(wanted, given),
  ArnEquals: (wanted, given) => wild(wanted, given),
  ArnLike: (wanted, given) => wild(wanted, given),
};

const holds = (
  operator: string,
  wanted: readonly string[],
  given: string | readonly string[] | undefined,
): boolean => {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const all = operator.startsWith('ForAllValues:');
  const test = TESTS[operator.replace('ForAllValues:', '')];
  if (test === undefined) throw new Error(`the evaluator does not know ${operator}`);
  // `ForAllValues` holds for none: what is allowed so must also be asked for by name.
  if (given === undefined) return all;
  const some = (value: string): boolean => wanted.some((w) => test(w, value));
  return all ? list(given).every(some) : list(given).some(some);
};

const applies = (statement: PolicyStatement, { action, resource, context }: Request): boolean => {
  const known = ['Sid', 'Effect', 'Action', 'Resource', 'Condition', 'Principal'];
  const strange = Object.keys(statement).find((key) => !known.includes(key));
  if (strange !== undefined) throw new Error(`the evaluator does not know ${strange}`);
  return (
    list(statement.Action).some((a) => wild(a.toLowerCase(), action.toLowerCase())) &&
    list(statement.Resource ?? '*').some((r) => wild(r, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, list(wanted), context[key])),
    )
  );
};

/** A Deny wins; without an Allow it is denied. */
export const evaluate = (policies: readonly Policy[], request: Request): 'allowed' | 'denied' => {
  const statements = policies.flatMap((p) => p.Statement).filter((s) => applies(s, request));
  return statements.length > 0 && statements.every((s) => s.Effect === 'Allow') ? 'allowed' : 'denied';
};
