/** What the release core needs from the world. Each port has 2 to 5 methods and one contract test for all its adapters. */
export type {
  StackUpdater,
  StackOutputs,
  UpdateEvent,
  UpdateResult,
  PreviewChange,
  HistoryEntry,
} from './stack.ts';
export type { Traffic, Weights, Rule } from './traffic.ts';
export type { Prober, ProbeResult, ProbeTarget, HttpProbe, HttpAnswer } from './prober.ts';
export type { MetricSource, MetricWindow, MetricQuery, Counts, Baseline } from './metrics.ts';
export type { ObjectStore, StoredObject } from './objects.ts';
export type { Images, Secrets, Source, Tasks, Messages, Message } from './supply.ts';
