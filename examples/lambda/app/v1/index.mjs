import { faults } from './faults.mjs';

/** Base price and price per kilo, by country. */
const RATES = { DE: [3.9, 1], FR: [8.9, 1.5], PL: [7.9, 1.2] };

/** Quotes a parcel: `{weight, to}` → `{price, currency}`; a parcel that cannot be sent is an answer, not a failure. */
export const handler = async ({ weight, to }) => {
  await faults(weight);
  if (!(weight > 0)) return { error: 'weight must be above 0' };
  const rate = RATES[to];
  if (rate === undefined) return { error: `no rate to ${to}` };
  const [base, perKilo] = rate;
  return { price: Math.round((base + perKilo * weight) * 100) / 100, currency: process.env.CURRENCY };
};
