import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

/**
 * What the SDK loads at its start for the sake of functions that it would turn into text and ship elsewhere (which
 * no program here does): a TypeScript compiler, and npm's package tree. Together a third of the time and of the
 * memory that a program takes until its first resource.
 */
const SELDOM_USED = ['./typescript-shim.js', '@npmcli/arborist'] as const;

type Exports = Record<PropertyKey, unknown>;

/** Stands in for the exports of a module, which is loaded when somebody first wants one of them. */
const onDemand = (load: () => Exports): Exports => {
  let loaded: Exports | undefined;
  const real = (): Exports => (loaded ??= load());
  return new Proxy<Exports>(
    {},
    {
      // Asked while modules are joined: answered without loading, so that importers take this object as it is.
      get: (_, key) => (key === '__esModule' ? true : real()[key]),
      has: (_, key) => key in real(),
      ownKeys: () => Reflect.ownKeys(real()),
      getOwnPropertyDescriptor: (_, key) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(real(), key);
        return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
      },
    },
  );
};

/**
 * Puts the stand-ins in their places. Must come before the SDK is first loaded; what is loaded already stays as it
 * is, and where the SDK has changed so that a place is gone, it is simply as slow as ever.
 */
const leanSdk = (): void => {
  const sdk = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
  for (const specifier of SELDOM_USED) {
    let filename: string;
    try {
      filename = sdk.resolve(specifier);
    } catch {
      continue;
    }
    if (sdk.cache[filename] !== undefined) continue;
    const exports = onDemand(() => {
      delete sdk.cache[filename];
      return sdk(specifier) as Exports;
    });
    sdk.cache[filename] = {
      id: filename,
      filename,
      path: '',
      exports,
      loaded: true,
      isPreloading: false,
      children: [],
      paths: [],
      parent: null,
      require: sdk,
    };
  }
};

// Marking in small steps keeps single pauses short and makes the whole longer, by a quarter of an evaluation. An
// evaluation is waited for as a whole: marked in one go, by both cores.
setFlagsFromString('--no-incremental-marking');
leanSdk();
