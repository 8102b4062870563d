// node chromium_decode.mjs FOLDER: what Chromium's decodeAudioData makes of each NAME.aac, as interleaved floats in
// NAME.aac.chromium.
import fs from 'fs';
import http from 'http';
import path from 'path';
import { createRequire } from 'module';
import { fileURLToPath } from 'url';

const here = path.dirname(fileURLToPath(import.meta.url));
const checkers = process.env.CHECKERS || path.join(here, '../../conformance');
const { chromium } = createRequire(checkers + '/')('playwright-core');
const folder = process.argv[2];
const rates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];

const server = http.createServer((request, response) => {
  if (request.method === 'POST') {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => { fs.writeFileSync(path.join(folder, request.url + '.chromium'), Buffer.concat(chunks)); response.end(); });
  } else if (request.url.endsWith('.aac')) {
    response.end(fs.readFileSync(path.join(folder, request.url)));
  } else {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html>');
  }
}).listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.aac'))) {
    // The rate of the ADTS header: a context of another rate would resample.
    const rate = rates[(fs.readFileSync(path.join(folder, name))[2] >> 2) & 15];
    await page.evaluate(async ({ name, rate }) => {
      const bytes = await (await fetch('/' + name)).arrayBuffer();
      const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
      const count = sound.numberOfChannels, out = new Float32Array(sound.length * count);
      for (let channel = 0; channel < count; channel++) {
        const plane = sound.getChannelData(channel);
        for (let frame = 0; frame < plane.length; frame++) out[frame * count + channel] = plane[frame];
      }
      await fetch('/' + name, { method: 'POST', body: out });
    }, { name, rate });
  }
} finally {
  await browser.close();
  server.close();
}
