import { UNKNOWN, type Props } from './contract.ts';

export const isObject = (value: unknown): value is Props =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isKnown = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== UNKNOWN;

/** A text property; undefined when absent or unknown. */
export const text = (props: Props, key: string): string | undefined => {
  const value = props[key];
  if (!isKnown(value)) return undefined;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
};

/** A number, also when given as text, as the SDK allows for some properties. */
export const number = (props: Props, key: string): number | undefined => {
  const value = props[key];
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value !== UNKNOWN && value.trim() !== '') return Number(value);
  return undefined;
};

export const flag = (props: Props, key: string): boolean | undefined => {
  const value = props[key];
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
};

export const object = (props: Props, key: string): Props | undefined => {
  const value = props[key];
  return isObject(value) ? value : undefined;
};

export const list = (props: Props, key: string): unknown[] => {
  const value = props[key];
  return Array.isArray(value) ? value : [];
};

export const objects = (props: Props, key: string): Props[] => list(props, key).filter(isObject);

export const texts = (props: Props, key: string): string[] =>
  list(props, key).filter((v): v is string => typeof v === 'string');

/** Whether an unknown value is anywhere inside. */
export const hasUnknown = (value: unknown): boolean => {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
};
