import { NO_ACTIONS, type Handler } from '../handler.ts';
import type { Identity } from '../identity.ts';
import { IDENTITY } from './kept-identity.ts';
import { NETWORK } from './kept-network.ts';
import { OPERATION } from './kept-operation.ts';
import type { Kept } from './kept-type.ts';

const KEPT: Readonly<Record<string, Kept>> = { ...NETWORK, ...IDENTITY, ...OPERATION };

const handlerOf = (kept: Kept, ids: Identity): Handler => ({
  ...(kept.autoName === undefined ? {} : { autoName: kept.autoName }),
  ...(kept.defaults === undefined ? {} : { defaults: kept.defaults }),
  required: kept.required ?? [],
  replaces: kept.replaces ?? [],
  ...(kept.validate === undefined ? {} : { validate: kept.validate }),
  actions: kept.actions ?? NO_ACTIONS,
  create: (inputs, { name }) => {
    const { key, ...outputs } = kept.outputs(inputs, ids, name);
    const id = kept.id === undefined ? outputs['arn'] : kept.id === 'key' ? key : outputs[kept.id];
    return { id: String(id), outputs: { ...inputs, ...outputs } };
  },
});

/** Handlers of every type that keeps state and has a shape of its own. */
export const keptHandlers = (ids: Identity): Map<string, Handler> =>
  new Map(Object.entries(KEPT).map(([type, kept]) => [type, handlerOf(kept, ids)]));

const PROPERTY = /^[a-z0-9-]+:([a-z0-9]+)\/[^:]+:([A-Za-z0-9]+)$/;

/** Any other type: keeps state, answers with an id, a name and (for AWS) an ARN that look right. */
export const generalHandler = (type: string, ids: Identity): Handler => ({
  actions: NO_ACTIONS,
  create: (inputs, { name }) => {
    const [, module = 'resource', kind = 'Resource'] = PROPERTY.exec(type) ?? [];
    const unique = `${name}-${ids.hex(7)}`;
    const arn = type.startsWith('aws:') ? { arn: ids.arn(module, `${kind.toLowerCase()}/${unique}`) } : {};
    return { id: unique, outputs: { name: unique, ...arn, ...inputs } };
  },
});
