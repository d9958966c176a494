import { parseApp } from '../../config/app.ts';
import { ExpectedError } from '../../lib/errors.ts';

/** The smallest configuration that is right, with some parts replaced. */
export const minimal = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  application: 'shop',
  url: 'https://shop.example',
  services: { web: { path: '/*', port: 3000 } },
  ...more,
});

/** Every problem of a configuration, a line each as a person sees it; none when it is right. */
export const problemLines = (value: unknown, stack = 'production'): string[] => {
  try {
    parseApp(value, { stack });
    return [];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
};

/** The part of each line that says where and what; the rest is what is allowed. */
export const reasons = (value: unknown, stack?: string): string[] =>
  problemLines(value, stack).map((line) =>
    line.replace(/ \((?:got|allowed).*$/, '').replace(/^sluice:app\.?/, ''),
  );

export type Settings = Readonly<Record<string, unknown>>;
