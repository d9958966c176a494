import type { Path } from '../problems.ts';
import type { App, Service } from '../types.ts';
import { formatDuration, formatMemory } from '../units.ts';
import type { IsWritten, Tell } from '../app/tell.ts';

/** MiB that a function may have. */
const MEMORY = { from: 128, to: 10_240 };

/** Settings of a service that only mean something where it runs as containers. */
const CONTAINERS = ['path', 'paths', 'port', 'cpu', 'replicas', 'priority', 'command'] as const;

/** What functions must agree on with Lambda. */
export const crossFunctions = (app: App, isWritten: IsWritten, tell: Tell): void => {
  for (const [name, service] of Object.entries(app.services)) crossFunction(name, service, isWritten, tell);
  if (app.strategy === 'rolling')
    tell(
      ['strategy'],
      'published versions are not replaced in place',
      'canary, or blueGreen for all traffic at once',
    );
};

const crossFunction = (name: string, service: Service, isWritten: IsWritten, tell: Tell): void => {
  const at: Path = ['services', name];
  if (service.function === undefined)
    return tell(
      [...at, 'function'],
      'is missing: with `lambda` every service is a function',
      '`function: {}`',
    );
  for (const key of CONTAINERS)
    if (isWritten([...at, key])) tell([...at, key], 'a function has none', 'nothing; leave it out');
  if (service.kind === 'worker')
    tell([...at, 'kind'], 'a function is no worker', '`kind: web`, which may be left out');
  const { memory } = service;
  if (memory < MEMORY.from || memory > MEMORY.to)
    tell(
      isWritten([...at, 'memory']) ? [...at, 'memory'] : ['everyService', 'memory'],
      'is no size that Lambda has',
      `${formatMemory(MEMORY.from)} to ${formatMemory(MEMORY.to)}`,
      { got: formatMemory(memory) },
    );
  crossTests(at, service.function, tell);
};

const crossTests = (at: Path, { tests, timeout }: NonNullable<Service['function']>, tell: Tell): void => {
  const names = new Set<string>();
  for (const [i, test] of tests.entries()) {
    const here = [...at, 'function', 'tests', i];
    if (names.has(test.name)) tell([...here, 'name'], 'is the name of another test', 'a name of its own');
    names.add(test.name);
    if (test.within > timeout)
      tell([...here, 'within'], 'is longer than the function may run', `at most ${formatDuration(timeout)}`, {
        needs: [
          [...here, 'within'],
          [...at, 'function', 'timeout'],
        ],
        got: formatDuration(test.within),
      });
  }
};

/** The other way round: what only functions have stands in an application that is none. */
export const noFunctions = (app: App, tell: Tell): void => {
  for (const [name, service] of Object.entries(app.services))
    if (service.function !== undefined)
      tell(
        ['services', name, 'function'],
        'stands there without `lambda`, so nothing would run it',
        'a section `lambda` with the bucket of the artifacts, or no `function`',
      );
};
