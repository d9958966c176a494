/**
 * One execution environment of a function: loads the handler that `_HANDLER` names from the working folder, then
 * answers one invocation after the other over its IPC channel. Ends with its owner.
 */
import { pathToFileURL } from 'node:url';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Answer, Invocation } from './environment.ts';

type Handler = (
  event: unknown,
  context: object,
  callback: (error: unknown, result: unknown) => void,
) => unknown;

const errorOf = (error: unknown): { errorType: string; errorMessage: string; trace: string[] } =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

const load = async (): Promise<Handler> => {
  const name = process.env['_HANDLER'] ?? '';
  const dot = name.lastIndexOf('.');
  const file = ['.mjs', '.js', '.cjs']
    .map((extension) => resolve(`${name.slice(0, dot)}${extension}`))
    .find((path) => existsSync(path));
  if (file === undefined)
    throw Object.assign(new Error(`Cannot find module '${name.slice(0, dot)}'`), {
      name: 'Runtime.ImportModuleError',
    });
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown> & {
    default?: Record<string, unknown>;
  };
  const handler = module[name.slice(dot + 1)] ?? module.default?.[name.slice(dot + 1)];
  if (typeof handler === 'function') return handler as Handler;
  throw Object.assign(new Error(`${name} is undefined or not exported`), {
    name: 'Runtime.HandlerNotFound',
  });
};

const run = (handler: Handler, { event, requestId, deadline }: Invocation): Promise<unknown> => {
  const context = {
    awsRequestId: requestId,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  if (handler.length < 3) return Promise.resolve(handler(event, context, () => undefined));
  return new Promise((done, fail) => {
    void handler(event, context, (error, result) =>
      error === null || error === undefined
        ? done(result)
        : fail(error instanceof Error ? error : new Error(JSON.stringify(error))),
    );
  });
};

const handler = load();
handler.catch(() => undefined);

const answer = async (invocation: Invocation): Promise<Answer> => {
  try {
    const result = await run(await handler, invocation);
    return { id: invocation.requestId, ok: true, body: JSON.stringify(result ?? null) };
  } catch (error) {
    return { id: invocation.requestId, ok: false, body: JSON.stringify(errorOf(error)) };
  }
};

process.on('message', (invocation: Invocation) => {
  void answer(invocation).then((said) => process.send?.(said));
});
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
