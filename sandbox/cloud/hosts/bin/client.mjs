/** `docker` and `nginx` on a sandbox host: hands its words to the host's own daemon and shows what that answers. */
import { request } from 'node:http';

const [socketPath, tool, ...args] = process.argv.slice(2);
const asked = request({ socketPath, path: '/', method: 'POST' }, (response) => {
  let pending = '';
  let code = 1;
  response.setEncoding('utf8');
  response.on('data', (chunk) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const { out, err, exit } = JSON.parse(line);
      if (out !== undefined) process.stdout.write(out);
      if (err !== undefined) process.stderr.write(err);
      if (exit !== undefined) code = exit;
    }
  });
  response.on('end', () => {
    process.exitCode = code;
  });
});
asked.on('error', (error) => {
  process.stderr.write(`Cannot connect to the Docker daemon at unix://${socketPath}: ${error.message}\n`);
  process.exitCode = 1;
});
asked.end(JSON.stringify({ tool, args, cwd: process.cwd() }));
