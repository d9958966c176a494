/** Numbers as a person reads them. */

const round2 = (value: number): number => Number(value.toPrecision(2));

const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** 3200 → "3,200". Whole numbers; beyond a billion in powers of ten. */
export const countText = (value: number): string =>
  value < 1e12 ? grouped(value) : `10^${Math.floor(Math.log10(value))}`;

/** A share from 0 to 1 in percent with two digits: 0.3142 → "31 %"; 0 is "none" elsewhere, never "0.00 %". */
export const shareText = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

/** Two digits, as more are not known: 1456.1 → "1,500"; 1.94 → "1.9". */
export const ratioText = (ratio: number): string =>
  ratio >= 100 ? countText(round2(ratio)) : String(round2(ratio));

/** 95_000 → "2 min" rounded up: what is still to be waited must not be understated. Below two minutes in seconds. */
export const waitText = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.ceil(minutes / 60)} h` : `${Math.ceil(minutes / 1440)} days`;
};

/** Time that has passed: "150 s", "12 min", "3 h". */
export const spanText = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 300 && seconds % 60 !== 0) return `${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/** 1 "probe", 2 "probes". */
export const many = (count: number, thing: string): string =>
  `${countText(count)} ${thing}${count === 1 ? '' : 's'}`;

/** Once in how many: rounded down to one digit, so that chance is never made smaller than it is. */
export const onceIn = (evidence: number): string => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, evidence)));
  return countText(Math.floor(Math.max(1, evidence) / power) * power);
};
