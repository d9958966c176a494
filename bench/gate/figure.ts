/** What all plots of the report share: scales and colours. */

export interface Figure {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

export const BLUE = '#1f5fa8';
export const ORANGE = '#d9730d';
export const GREEN = '#2f855a';
/** Left edge of the scale of chances. */
const LEAST = 0.0001;

export const RATE_TICKS = [
  { at: LEAST, label: '0.01 % or less' },
  { at: 0.001, label: '0.1 %' },
  { at: 0.01, label: '1 %' },
  { at: 0.1, label: '10 %' },
  { at: 1, label: '100 %' },
];

export const TIME_TICKS = [
  { at: 10, label: '10 s' },
  { at: 30, label: '30 s' },
  { at: 60, label: '1 min' },
  { at: 180, label: '3 min' },
  { at: 600, label: '10 min' },
  { at: 1800, label: '30 min' },
  { at: 3600, label: '1 h' },
  { at: 7200, label: 'never' },
];
