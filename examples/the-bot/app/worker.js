import { openDatabase } from './database.js';
import { openRedis } from './redis.js';

/** The stand-in for Celery's worker: takes one task after the other; the one at hand is finished before it stops. */
export const work = async () => {
  const queue = openRedis(process.env.CELERY_BROKER_URL);
  const database = openDatabase();
  let stopping = false;
  process.on('SIGTERM', () => {
    stopping = true;
  });
  console.log('worker ready');
  while (!stopping) {
    const taken = await queue.call('BRPOP', 'celery', '1');
    if (Array.isArray(taken))
      await database.query('update lessons set done = done + 1 where id = $1', [taken[1]]);
  }
  process.exit(0);
};

/** The stand-in for Celery beat: every second one task that nobody asked for. */
export const beat = () => {
  const queue = openRedis(process.env.CELERY_BROKER_URL);
  const timer = setInterval(() => void queue.call('LPUSH', 'celery', '2'), 1_000);
  process.on('SIGTERM', () => {
    clearInterval(timer);
    process.exit(0);
  });
  console.log('beat ready');
};
