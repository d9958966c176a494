/**
 * The workloads: one hour of traffic of a new and a stable version, described as data. `traffic.ts` draws it.
 *
 * Every rule sees the same traffic. A service profile is a request rate and the stable version's error rate; each
 * profile meets every kind of healthy release and every kind of regression.
 */

export const STEP_SECONDS = 10;
export const STEPS = 360;
export const RATES = [1, 20, 100, 1_000, 10_000] as const;
export const ERROR_RATES = [0, 0.0001, 0.001, 0.01] as const;

/** What holds during some ten-second steps. */
export interface Level {
  /** Times the service's usual requests. */
  readonly load: number;
  /** Chance that a request to the stable version is bad (an error, or slower than the threshold). */
  readonly stable: number;
  readonly fresh: number;
}

/** Errors that come together, from one cause: a client that retries, an instance that fails. */
export interface Bursts {
  /** Bursts a minute in the whole service. Each hits one version, in proportion to its traffic. */
  readonly perMinute: number;
  readonly size:
    | { readonly kind: 'geometric'; readonly mean: number }
    | { readonly kind: 'pareto'; readonly least: number; readonly shape: number; readonly most: number }
    /** Requests of one instance out of so many. */
    | { readonly kind: 'instance'; readonly of: number };
  /** A burst lasts between no time and this, seconds; `exactly`: always this long. */
  readonly seconds: number;
  readonly exactly: boolean;
  /** Whether bursts were seen before the release too. */
  readonly before: boolean;
}

/** Which of the report's tables a workload belongs to. */
export type Group =
  'calm' | 'bursts' | 'long bursts' | 'boundary' | 'regression' | 'latency healthy' | 'latency regression';

export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly group: Group;
  /** Requests a second, all versions together. */
  readonly rate: number;
  /** The stable version's usual rate of bad requests, as it was known before the release. */
  readonly errors: number;
  /** The new version's true part of the traffic, and the part that was configured. */
  readonly share: number;
  readonly configuredShare: number;
  readonly levels: readonly Level[];
  /** Which level holds when: the same at all times, a level a minute, or the second level for a while. */
  readonly when:
    | { readonly kind: 'always' }
    | { readonly kind: 'minutes' }
    | { readonly kind: 'once'; readonly seconds: number }
    | { readonly kind: 'from'; readonly second: number; readonly until: number };
  readonly bursts: Bursts | undefined;
  /** Chance that a window's numbers are lost, or come after those of the next window (and are then left out). */
  readonly lost: number;
}

export interface Profile {
  readonly rate: number;
  readonly errors: number;
}

export const PROFILES: readonly Profile[] = RATES.flatMap((rate) =>
  ERROR_RATES.map((errors) => ({ rate, errors })),
);

export const percent = (chance: number): string => `${Number((chance * 100).toPrecision(6))} %`;
export const profileName = (profile: Profile): string =>
  `${profile.rate.toLocaleString('en')}/s ${percent(profile.errors)}`;

/** A workload of a profile: constant and identical unless `rest` says otherwise. */
export const make = (
  group: Group,
  kind: string,
  profile: Profile,
  share: number,
  rest: Partial<Workload> = {},
): Workload => ({
  name: `${kind} @ ${profileName(profile)} share ${percent(share)}`,
  kind,
  group,
  rate: profile.rate,
  errors: profile.errors,
  share,
  configuredShare: share,
  levels: [{ load: 1, stable: profile.errors, fresh: profile.errors }],
  when: { kind: 'always' },
  bursts: undefined,
  lost: 0,
  ...rest,
});

/** A day of load and errors pressed into the hour: load between 0.5 and 1.5, errors up to twice, then half. */
const drift = (errors: number): readonly Level[] =>
  Array.from({ length: 60 }, (_, minute) => {
    const rate = errors * 2 ** Math.sin((2 * Math.PI * (minute + 15)) / 60);
    return { load: 1 + 0.5 * Math.sin((2 * Math.PI * minute) / 60), stable: rate, fresh: rate };
  });

const OUTAGE_SECONDS = 300;
const OUTAGE_ERRORS = 0.2;

/** Healthy releases whose errors come one by one. */
export const calm = (share: number): readonly Workload[] =>
  PROFILES.flatMap((profile) => {
    const { errors } = profile;
    const outage = { load: 1, stable: errors + OUTAGE_ERRORS, fresh: errors + OUTAGE_ERRORS };
    return [
      make('calm', 'identical release', profile, share),
      make('calm', 'daily drift', profile, share, { levels: drift(errors), when: { kind: 'minutes' } }),
      make('calm', 'share off by half', profile, share, { share: share / 2 }),
      make('calm', 'late and missing windows', profile, share, { lost: 0.05 }),
      // A service that never fails has no dependency that fails; this choice is in favour of the alarms.
      ...(errors === 0
        ? []
        : [
            make('calm', 'dependency fails for both', profile, share, {
              levels: [{ load: 1, stable: errors, fresh: errors }, outage],
              when: { kind: 'once', seconds: OUTAGE_SECONDS },
            }),
          ]),
    ];
  });

interface BurstKind extends Bursts {
  readonly kind: string;
}

/** Bursts make up at most this part of all requests on average: with more, the service would not be healthy. */
const MOST_IN_BURSTS = 0.01;

const meanSize = (size: Bursts['size'], rate: number): number => {
  if (size.kind === 'geometric') return size.mean;
  if (size.kind === 'instance') return Math.max(1, (rate / size.of) * 5);
  const { least, shape, most } = size;
  return (least * shape - most * (least / most) ** shape) / (shape - 1);
};

const burstKinds = (rate: number, seconds: number, exactly: boolean): readonly BurstKind[] => {
  const heavyTail = { kind: 'pareto', least: 3, shape: 1.1, most: Math.max(100, rate * 10) } as const;
  const burst = (kind: string, perMinute: number, size: Bursts['size'], before = false): BurstKind => ({
    kind,
    perMinute: Math.min(perMinute, (MOST_IN_BURSTS * rate * 60) / meanSize(size, rate)),
    size,
    seconds,
    exactly,
    before,
  });
  return [
    burst('retries', 1, { kind: 'geometric', mean: 8 }),
    burst('many retries', 6, { kind: 'geometric', mean: 20 }),
    burst('one bad client', 0.2, { kind: 'geometric', mean: Math.max(50, rate / 5) }),
    burst('heavy tail', 0.5, heavyTail),
    burst('heavy tail, known before', 0.5, heavyTail, true),
    burst('failing instance', 0.1, { kind: 'instance', of: 20 }),
  ];
};

const withBursts = (group: Group, share: number, seconds: number, exactly: boolean): readonly Workload[] =>
  PROFILES.flatMap((profile) =>
    burstKinds(profile.rate, seconds, exactly).map(({ kind, ...bursts }) =>
      make(group, exactly ? `${kind}, ${seconds} s` : kind, profile, share, { bursts }),
    ),
  );

/** Healthy releases with bursts of up to ten seconds, as promised. */
export const bursts = (share: number): readonly Workload[] => withBursts('bursts', share, 10, false);

/** The same where every burst lasts the whole ten seconds: each crosses an edge of windows of ten seconds, one in six that of a minute. */
export const wholeBursts = (share: number): readonly Workload[] => withBursts('bursts', share, 10, true);

/** Healthy releases with bursts that last longer than a default gate is told. */
export const longBursts = (share: number): readonly Workload[] =>
  [30, 60].flatMap((seconds) => withBursts('long bursts', share, seconds, true));

/** As bad as is still called healthy: the true ratio is exactly `r0`. */
export const boundary = (share: number, r0: number): readonly Workload[] =>
  PROFILES.filter(({ errors }) => errors > 0).map((profile) =>
    make('boundary', `exactly ${r0}x`, profile, share, {
      levels: [{ load: 1, stable: profile.errors, fresh: profile.errors * r0 }],
    }),
  );

const FACTORS = [1.2, 2, 5, 20] as const;
/** What stands for the factors where the stable version never fails. */
const FROM_ZERO = [0.001, 0.005, 0.02, 0.1] as const;

/** The new version's error rates that count as regressions of a profile, smallest first; 1 is total failure. */
export const worseRates = (errors: number): readonly number[] => [
  ...(errors === 0 ? FROM_ZERO : FACTORS.map((factor) => errors * factor)),
  1,
];

const regression = (profile: Profile, share: number, worse: number): Workload =>
  make(
    'regression',
    worse === 1 ? 'total failure' : `${percent(profile.errors)} to ${percent(worse)}`,
    profile,
    share,
    { levels: [{ load: 1, stable: profile.errors, fresh: worse }] },
  );

export const regressions = (share: number): readonly Workload[] => [
  ...PROFILES.flatMap((profile) =>
    worseRates(profile.errors).map((worse) => regression(profile, share, worse)),
  ),
  // The two rows of the issue that are not multiples of the list.
  regression({ rate: 1, errors: 0 }, share, 0.01),
];

/** Total failure that begins late, half an hour into the release. */
export const lateFailures = (share: number): readonly Workload[] =>
  PROFILES.map((profile) =>
    make('regression', 'total failure after 30 min', profile, share, {
      levels: [
        { load: 1, stable: profile.errors, fresh: profile.errors },
        { load: 1, stable: profile.errors, fresh: 1 },
      ],
      when: { kind: 'from', second: 1800, until: 3600 },
    }),
  );
