// bolt.mjs PORT SIGNING_SECRET : the comparison. A Bolt for JavaScript app as its documentation has it,
// with the lighter of its two HTTP receivers: it checks the signature and acknowledges each event;
// nothing is stored. Production mode and the log level are set by the caller's environment and here.
import bolt from '@slack/bolt';

const [port, signingSecret] = process.argv.slice(2);
const receiver = new bolt.HTTPReceiver({signingSecret, logLevel: bolt.LogLevel.ERROR});
const app = new bolt.App({
  receiver,
  logLevel: bolt.LogLevel.ERROR,
  // one workspace, known beforehand: no call to Slack
  authorize: async () => ({botToken: 'xoxb-sample', botId: 'B0BOT', botUserId: 'UBOT'}),
});
app.message(async () => {});
await app.start({port: Number(port), host: '127.0.0.1'});
