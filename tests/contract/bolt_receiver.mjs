// The official receiver of @slack/bolt on its own port, acknowledging everything; prints the port.
// In a process of its own, since some bodies make it fail outside of any handler.
import bolt from '@slack/bolt';

const quiet = {debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {}};
const receiver = new bolt.HTTPReceiver({
  signingSecret: process.argv[2], logger: quiet,
  endpoints: ['/slack/events', '/slack/interactions', '/slack/commands', '/slack/options'],
});
receiver.init({processEvent: async event => event.ack()});
const server = await receiver.start({port: 0, host: '127.0.0.1'});
process.on('unhandledRejection', () => {});
console.log(server.address().port);
