// The icons of the Teams app, drawn from service/chat/icons/*.svg; to be run when one is changed:
//   tests/tools/node.sh tests/tools/icons.mjs
import {readFile, writeFile} from 'node:fs/promises';
import {chromium} from 'playwright-core';

const FOLDER = 'service/chat/icons';
const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox']});
try {
  for (const [name, size] of [['color', 192], ['outline', 32]]) {
    const svg = await readFile(`${FOLDER}/${name}.svg`, 'utf8');
    const page = await browser.newPage({viewport: {width: size, height: size}});
    await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
    const png = await page.screenshot({omitBackground: true});
    await writeFile(`${FOLDER}/${name}.png`, png);
    console.log(`${FOLDER}/${name}.png  ${png.length} bytes`);
  }
} finally {
  await browser.close();
}
