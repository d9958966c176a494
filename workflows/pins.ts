/** An action as a file names it: the commit that its release's tag led to when it was looked at. */
export interface Pin {
  readonly version: string;
  /** 40 hex digits: the commit itself, not the object of an annotated tag. */
  readonly commit: string;
}

/**
 * Every action that our files may use. A tag can be moved to other code; a commit cannot. `sluice workflows pins`
 * says which have newer releases.
 */
export const PINS = {
  'actions/checkout': { version: 'v7.0.1', commit: '3d3c42e5aac5ba805825da76410c181273ba90b1' },
  'actions/setup-node': { version: 'v7.0.0', commit: '820762786026740c76f36085b0efc47a31fe5020' },
  'actions/upload-artifact': { version: 'v7.0.1', commit: '043fb46d1a93c77aae656e7c1c64a875d1fc6a0a' },
  'aws-actions/configure-aws-credentials': {
    version: 'v6.2.3',
    commit: 'e6de054238d6b7531b4efff3b6587d9aade6a06c',
  },
  'docker/login-action': { version: 'v4.6.0', commit: 'dbcb813823bdd20940b903addbd779551569679f' },
  'docker/setup-buildx-action': { version: 'v4.2.0', commit: 'bb05f3f5519dd87d3ba754cc423b652a5edd6d2c' },
} as const satisfies Readonly<Record<string, Pin>>;

export type ActionName = keyof typeof PINS;

/** `owner/name@commit`. */
export const pinned = (action: ActionName): string => `${action}@${PINS[action].commit}`;
