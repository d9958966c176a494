// Stands for Prometheus and Grafana: their ports and health pages, and nothing behind them.
import { createServer } from 'node:http';

const PAGES = {
  prometheus: { port: 9090, '/-/healthy': 'Prometheus Server is Healthy.\n' },
  grafana: { port: 3000, '/api/health': '{"database":"ok"}\n' },
};
const pages = PAGES[process.argv[2]];

createServer((request, response) => {
  const body = pages[request.url];
  response.writeHead(body === undefined ? 404 : 200).end(body);
}).listen(pages.port);

process.on('SIGTERM', () => process.exit(0));
