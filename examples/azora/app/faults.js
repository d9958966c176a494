// What a faulty version does wrong, by environment, so that it is an image of its own:
//   FAULT_ERRORS=0.3           share of requests that answer 500
//   FAULT_LATENCY_MS=400       extra latency, for FAULT_LATENCY_SHARE (default 1) of the requests
//   FAULT_PATHS=/api/status    these paths always answer 500
//   FAULT_CRASH=1              ends while starting
//   FAULT_VERSION=9.9.9        says it is another version
//   FAULT_EXHAUSTED=5          unhealthy after so many requests of users: a pool that leaks
// But for the last, health endpoints stay as they are: these are faults that a health check does not see.
const mulberry32 = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

export const readFaults = (environment) => {
  const random = mulberry32(Number(environment.FAULT_SEED ?? 42));
  const errors = Number(environment.FAULT_ERRORS ?? 0);
  const latencyMs = Number(environment.FAULT_LATENCY_MS ?? 0);
  const latencyShare = Number(environment.FAULT_LATENCY_SHARE ?? 1);
  const exhausted = Number(environment.FAULT_EXHAUSTED ?? Number.POSITIVE_INFINITY);
  let met = 0;
  const paths = new Set((environment.FAULT_PATHS ?? '').split(',').filter((path) => path !== ''));
  return {
    crash: environment.FAULT_CRASH === '1',
    version: environment.FAULT_VERSION,
    exhausted: () => met >= exhausted,
    /** Resolves to the answer of a request that fails, or to undefined. */
    meet: async (path) => {
      met += 1;
      if (latencyMs > 0 && random() < latencyShare) await new Promise((done) => setTimeout(done, latencyMs));
      if (paths.has(path) || (errors > 0 && random() < errors))
        return { status: 500, body: { error: 'internal error' } };
      return undefined;
    },
  };
};
