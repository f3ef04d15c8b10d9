// A door in front of PostgreSQL: bytes pass as they come, until a test closes it behind one statement.
import {once} from 'node:events';
import net from 'node:net';

export class DatabaseDoor {
  sockets = new Set();

  /** The URL by which the service reaches the database of `url` through this door. */
  async open(url) {
    const [behind, front] = [new URL(url), new URL(url)];
    this.server = net.createServer(client => this.pass(client, net.connect(Number(behind.port), behind.hostname))).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    front.host = `127.0.0.1:${this.server.address().port}`;
    return front.href;
  }

  pass(client, server) {
    for (const s of [client, server]) {
      this.sockets.add(s.setNoDelay(true).on('error', () => {}));
      s.on('close', () => (this.sockets.delete(s), client.destroy(), server.destroy()));
    }
    client.on('data', bytes => {
      if (this.named && bytes.includes(this.named)) this.shut(client, server);
      server.write(bytes);
    });
    server.pipe(client);
  }

  /** The client hears the answer to this and is not heard again before `release`. */
  shut(client, server) {
    this.named = null;
    server.once('data', () => {
      client.pause();
      this.reached({release: () => client.resume()});
    });
  }

  /** Resolves to {release} when the database has answered the next statement whose name begins so. */
  behind(name) {
    return new Promise(reached => Object.assign(this, {reached, named: Buffer.from(name)}));
  }

  close() {
    this.sockets.forEach(s => s.destroy());
    this.server?.close();
  }
}
