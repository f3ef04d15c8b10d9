// Ports for what a test starts: below those that the kernel hands to outgoing connections, so that
// they stay free, and never the same to two tests that run at the same time.
import {mkdirSync, rmSync, symlinkSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const TAKEN = join(tmpdir(), 'workbot-ports');
const own = [];
process.on('exit', () => own.forEach(at => rmSync(at, {force: true})));

/** False when another test has it; a link is made by one of two, whoever comes at the same time. */
function reserve(port) {
  const at = join(TAKEN, String(port));
  try {
    symlinkSync(String(process.pid), at);
  } catch (e) {
    if (e.code === 'EEXIST') return false;
    throw e;
  }
  own.push(at);
  return true;
}

const isFree = port => new Promise(done => {
  const server = net.createServer();
  server.once('error', () => done(false));
  server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
});

export async function freePort() {
  mkdirSync(TAKEN, {recursive: true});
  for (let i = 0; i < 1000; i++) {
    const port = 12000 + Math.floor(Math.random() * 20000);
    if (reserve(port) && await isFree(port)) return port;
  }
  throw new Error(`no free port: is ${TAKEN} full of links that nobody has removed?`);
}
