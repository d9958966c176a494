/** The embedded engine: runs a Pulumi program in this process, against one `Provider`, with state in a `StateStore`. */
// First: whoever imports the engine before the program starts faster.
import './lean-sdk.ts';
export { createEngine } from './engine.ts';
export type { Engine, RefreshOptions } from './engine.ts';
export { fileStore, lockHolder } from './store.ts';
export type { Lock, LockInfo, StateStore } from './store.ts';
export { StackFailed } from './failure.ts';
export { embeddedUpdater } from './updater.ts';
export type * from './types.ts';
