import type { FunctionSettings } from './lambda/types.ts';
import type { SlotName } from './types.ts';

/**
 * `sluice:release`: what the engine writes and the program realises. Compact, plain JSON, free of secrets:
 * it is a stack output, and one secret inside would make the whole output unreadable.
 */
export interface Release {
  readonly format: 1;
  /** Fencing token: grows by one with every completed update that changes the release. The first is 0. */
  readonly serial: number;
  /** Serial this release was computed from; null for the first. The program refuses any other base (compare and set). */
  readonly replaces: number | null;
  /** The deployment that wrote it. */
  readonly deployment: string;
  readonly slots: { readonly [S in SlotName]?: Slot };
  /** Percent of traffic per slot; sums to 100, or to 0 before the first release has traffic. */
  readonly traffic: Readonly<Record<SlotName, number>>;
  /**
   * Users are sent to a page that says when to come again; absent: they are let in. What a release closed is opened by
   * its own next steps or by its way back; what a person closed, by a person.
   */
  readonly maintenance?: { readonly by: 'release' | 'person'; readonly deployment: string };
  /** Deployment whose backup was taken last. Never goes back by itself. */
  readonly backup?: string;
  /** Deployment and version whose migrations ran last. Never goes back by itself. */
  readonly schema?: { readonly deployment: string; readonly version: string };
}

/** A full copy of the application's services: frozen when the slot was planned, never edited. */
export interface Slot {
  readonly version: string;
  readonly deployment: string;
  readonly services: Readonly<Record<string, FrozenService>>;
}

export interface FrozenService {
  readonly kind: 'web' | 'worker';
  /** `name@sha256:<64 hex>`; of a function: its artifact, `s3://bucket/service@sha256:<64 hex>`. */
  readonly image: string;
  /** CPU units, 1024 = 1 vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  readonly replicas: number;
  readonly port: number;
  readonly paths: readonly string[];
  readonly priority?: number;
  readonly critical: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** References, never values: a rotated secret is a new version, and rollback restores the old one. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly health: { readonly path: string; readonly publicPath: string; readonly version: boolean };
  readonly command?: readonly string[];
  readonly function?: FunctionSettings;
}

export interface SecretReference {
  readonly arn: string;
  readonly version: string;
}

export const REPLICA_LIMIT = 1000;
