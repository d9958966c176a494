import { faults } from './faults.mjs';

/** Base price, price per kilo and days, by country. */
const RATES = { DE: [3.9, 1, 1], FR: [8.9, 1.5, 3], PL: [7.9, 1.2, 2], AT: [7.5, 1.1, 2] };
/** What a cubic metre counts as, kilograms. */
const VOLUME = 200;

/** Quotes a parcel: `{weight, to, volume?}` → `{price, currency, days}`. Version 2 asks for the volume and says when it arrives. */
export const handler = async ({ weight, to, volume = 0 }) => {
  await faults(weight);
  if (!(weight > 0)) return { error: 'weight must be above 0' };
  const rate = RATES[to];
  if (rate === undefined) return { error: `no rate to ${to}` };
  const [base, perKilo, days] = rate;
  const counted = Math.max(weight, volume * VOLUME);
  return {
    price: Math.round((base + perKilo * counted) * 100) / 100,
    currency: process.env.CURRENCY,
    days,
  };
};
