import { Lab } from './lab.js';
const t = Date.now();
const lab = await Lab.open(new AbortController().signal, (text) => console.log(text));
console.log('up', Date.now() - t, lab.url);
console.log(JSON.stringify(await lab.ask('/devices/')));
process.stdin.on('data', async (line) => {
  const [verb = '', what = ''] = String(line).trim().split(' ');
  if (verb === 'log') console.log(await lab.log(what as never));
  if (verb === 'stop') await lab.stop(what as never);
  if (verb === 'start') await lab.start(what as never);
  if (verb === 'ask') console.log(JSON.stringify(await lab.ask(what)));
  if (verb === 'quit') {
    await lab[Symbol.asyncDispose]();
    process.exit();
  }
});
