export const STACK_TYPE = 'pulumi:pulumi:Stack';
export const REFERENCE_TYPE = 'pulumi:pulumi:StackReference';
const PROVIDER_PREFIX = 'pulumi:providers:';
const SCHEME = 'urn:pulumi:';

export const isProviderType = (type: string): boolean => type.startsWith(PROVIDER_PREFIX);

export interface Urn {
  readonly stack: string;
  readonly project: string;
  /** Types of the parents and of the resource itself, joined with `$`. */
  readonly qualifiedType: string;
  readonly type: string;
  /** May itself contain `::`. */
  readonly name: string;
}

/** Parts of a URN. Throws on a text that is none: URNs come from the SDK or from state. */
export const parseUrn = (text: string): Urn => {
  const [head, project, qualifiedType, ...name] = text.split('::');
  if (!head?.startsWith(SCHEME) || project === undefined || qualifiedType === undefined || name.length === 0)
    throw new Error(`not a resource URN: ${text}`);
  return {
    stack: head.slice(SCHEME.length),
    project,
    qualifiedType,
    type: qualifiedType.slice(qualifiedType.lastIndexOf('$') + 1),
    name: name.join('::'),
  };
};

export const nameOf = (urn: string): string => parseUrn(urn).name;

/** URN of a resource below `parent` ('' for none). The root stack is not part of a child's type. */
export const makeUrn = (
  stack: string,
  project: string,
  parent: string,
  type: string,
  name: string,
): string => {
  let prefix = '';
  if (parent !== '') {
    const parentType = parseUrn(parent).qualifiedType;
    if (parentType !== STACK_TYPE) prefix = `${parentType}$`;
  }
  return `${SCHEME}${stack}::${project}::${prefix}${type}::${name}`;
};

/** One former identity of a resource: a whole URN, or the parts that were different. */
export type Alias =
  | { readonly urn: string }
  | {
      readonly urn?: undefined;
      readonly name: string;
      readonly type: string;
      readonly stack: string;
      readonly project: string;
      readonly parent: string;
      readonly noParent: boolean;
    };

export interface Identity {
  readonly stack: string;
  readonly project: string;
  readonly parent: string;
  readonly type: string;
  readonly name: string;
}

const collapse = (alias: Alias, self: Identity): string => {
  if (alias.urn !== undefined) return alias.urn;
  const parent = alias.noParent ? '' : alias.parent || self.parent;
  return makeUrn(
    alias.stack || self.stack,
    alias.project || self.project,
    parent,
    alias.type || self.type,
    alias.name || self.name,
  );
};

/** What a child was called while its parent had another name: a name that starts with the parent's follows it. */
const inherited = (type: string, name: string, parentName: string, formerParent: string): string => {
  const former = parseUrn(formerParent);
  const childName = name.startsWith(parentName) ? former.name + name.slice(parentName.length) : name;
  return makeUrn(former.stack, former.project, formerParent, type, childName);
};

/**
 * Every URN under which the resource may be found in state, its own excluded. `formerParent` is the URN under which
 * its parent was found, where that was an alias.
 */
export const aliasUrns = (
  self: Identity,
  aliases: readonly Alias[],
  formerParent: string | undefined,
): readonly string[] => {
  if (aliases.length === 0 && formerParent === undefined) return [];
  const own = aliases.map((alias) => collapse(alias, self));
  const result = new Set(own);
  if (formerParent !== undefined) {
    const parentName = nameOf(self.parent);
    result.add(inherited(self.type, self.name, parentName, formerParent));
    for (const urn of own) {
      const parts = parseUrn(urn);
      result.add(inherited(parts.type, parts.name, parentName, formerParent));
    }
  }
  return [...result];
};
