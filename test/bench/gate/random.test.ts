import { describe, expect, it } from 'vitest';
import { Poisson, Random } from '../../../bench/gate/random.ts';

const moments = (draw: () => number, count: number): { mean: number; variance: number } => {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i += 1) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  const mean = sum / count;
  return { mean, variance: squares / count - mean * mean };
};

const COUNT = 40_000;

describe('random numbers', () => {
  it('are the same for the same seed, stream and part, and others otherwise', () => {
    const draw = (seed: number, stream: number, part: number): readonly number[] => {
      const random = new Random(seed, stream, part);
      return Array.from({ length: 5 }, () => random.bits());
    };
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    expect(draw(2, 2, 3)).not.toEqual(draw(1, 2, 3));
    expect(draw(1, 3, 3)).not.toEqual(draw(1, 2, 3));
    expect(draw(1, 2, 4)).not.toEqual(draw(1, 2, 3));
  });

  it('are uniform between 0 and 1', () => {
    const random = new Random(7);
    const { mean, variance } = moments(() => random.unit(), COUNT);
    expect(mean).toBeCloseTo(0.5, 1);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
  });
});

describe('Poisson numbers', () => {
  it.each([0.3, 4, 95, 5_000])('have mean and variance %d', (rate) => {
    const random = new Random(11, 5);
    const table = new Poisson(rate);
    const { mean, variance } = moments(() => table.sample(random), COUNT);
    // Five standard errors each.
    expect(Math.abs(mean - rate)).toBeLessThan(5 * Math.sqrt(rate / COUNT));
    expect(Math.abs(variance - rate)).toBeLessThan(5 * rate * Math.sqrt((2 + 1 / rate) / COUNT));
  });

  it('are zero as often as they should be where errors are rare', () => {
    const random = new Random(12);
    const table = new Poisson(0.05);
    let zeros = 0;
    for (let i = 0; i < COUNT; i += 1) if (table.sample(random) === 0) zeros += 1;
    expect(Math.abs(zeros / COUNT - Math.exp(-0.05))).toBeLessThan(0.006);
  });

  it('are always zero at rate zero', () => {
    const random = new Random(13);
    const table = new Poisson(0);
    expect(moments(() => table.sample(random), 100)).toEqual({ mean: 0, variance: 0 });
  });
});

describe('binomial numbers', () => {
  it.each([
    [20, 0.1],
    [400, 0.3],
    [1_000, 0.9],
  ])('of %d with chance %d have their mean and variance', (n, p) => {
    const random = new Random(17);
    const { mean, variance } = moments(() => random.binomial(n, p), COUNT);
    const expected = n * p * (1 - p);
    expect(Math.abs(mean - n * p)).toBeLessThan(5 * Math.sqrt(expected / COUNT));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.04);
  });

  it('are all or nothing at chance 1 and 0', () => {
    const random = new Random(18);
    expect([random.binomial(9, 1), random.binomial(9, 0), random.binomial(0, 0.5)]).toEqual([9, 0, 0]);
  });
});

describe('cluster sizes', () => {
  it('of geometric kind have their mean and are at least 1', () => {
    const random = new Random(19);
    const sizes = Array.from({ length: COUNT }, () => random.geometric(8));
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.abs(sizes.reduce((a, b) => a + b, 0) / COUNT - 8)).toBeLessThan(0.2);
  });

  it('of Pareto kind have a heavy tail, a least and a most', () => {
    const random = new Random(20);
    const sizes = Array.from({ length: COUNT }, () => random.pareto(3, 1.1, 5_000));
    expect(Math.min(...sizes)).toBe(3);
    expect(Math.max(...sizes)).toBe(5_000);
    const beyond = sizes.filter((size) => size >= 300).length / COUNT;
    expect(beyond).toBeGreaterThan(0.004);
    expect(beyond).toBeLessThan(0.009);
  });
});
