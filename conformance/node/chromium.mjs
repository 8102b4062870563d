// usage: node chromium.mjs FILE...   One JSON line a file: { file, faults, duration, width, height, frames }.
// Chromium must load the metadata, play, and seek to 90 % and back to 35 % of the file.
import fs from 'fs';
import http from 'http';
import path from 'path';
import { require } from './paths.mjs';

const { chromium } = require('playwright-core');
const files = process.argv.slice(2);
const types = { '.mp4': 'video/mp4', '.m4v': 'video/mp4', '.m4a': 'audio/mp4', '.mov': 'video/mp4', '.3gp': 'video/mp4' };

const server = http.createServer((request, response) => {
  if (request.url === '/') {
    response.setHeader('content-type', 'text/html');
    return response.end('<video id=v muted></video>');
  }
  const file = files[Number(request.url.slice(1))];
  if (!file) return response.writeHead(404).end();
  const { size } = fs.statSync(file);
  response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('accept-ranges', 'bytes');
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
  const [start, end] = range ? [+range[1], range[2] ? Math.min(+range[2], size - 1) : size - 1] : [0, size - 1];
  if (start > end) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
  if (range) response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 });
  else response.setHeader('content-length', size);
  fs.createReadStream(file, { start, end }).pipe(response);
}).listen(0, '127.0.0.1');
await new Promise(ready => server.once('listening', ready));

// Runs in the page.
async function play(index) {
  const faults = [];
  const wait = ms => new Promise(done => setTimeout(done, ms));
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  const happens = (name, ms) => Promise.race([
    new Promise(done => video.addEventListener(name, () => done(true), { once: true })),
    new Promise(done => video.addEventListener('error', () => done(false), { once: true })),
    wait(ms).then(() => false),
  ]);
  const ready = happens('loadeddata', 8000);
  video.src = '/' + index;
  if (!await ready) faults.push(video.error ? `error ${video.error.code}: ${video.error.message}` : 'no first frame in 8 s');
  if (!video.error && faults.length === 0) {
    await video.play().catch(error => faults.push('play: ' + error.message));
    const from = video.currentTime;
    for (let i = 0; i < 15 && !video.ended && !video.error; i++) await wait(100);
    if (!video.ended && video.currentTime <= from) faults.push(`stands still at ${from}`);
    video.pause();
    for (const part of [0.9, 0.35]) {
      const target = video.duration * part;
      const sought = happens('seeked', 6000);
      video.currentTime = target;
      if (!await sought) faults.push(`no seek to ${part}`);
      else if (Math.abs(video.currentTime - target) > 0.05) faults.push(`sought ${target}, stands at ${video.currentTime}`);
      else if (video.readyState < 2) faults.push(`no picture at ${part}`);
    }
    if (video.error) faults.push(`error ${video.error.code}: ${video.error.message}`);
  }
  const quality = video.getVideoPlaybackQuality();
  return { faults, duration: video.duration, width: video.videoWidth, height: video.videoHeight,
    frames: quality.totalVideoFrames };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu'],
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
for (const [index, file] of files.entries()) {
  const verdict = await page.evaluate(play, index).catch(error => ({ faults: ['page: ' + error.message] }));
  console.log(JSON.stringify({ file, ...verdict }));
}
await browser.close();
server.close();
process.exit(0);
