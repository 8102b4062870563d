// usage: node mp4box.mjs FILE...   One JSON line a file: { file, faults, tracks }.
// mp4box.js parses every box and builds every sample; each must lie inside the file, decoding times must rise, and the
// stated media duration must be the sum of the sample durations.
import fs from 'fs';
import path from 'path';
import { packages, require } from './paths.mjs';

const module = await import(path.join(packages, 'node_modules/mp4box/dist/mp4box.all.js'))
  .catch(() => require('mp4box'));
const api = module.default?.createFile ? module.default : module;
api.Log?.setLogLevel?.(api.Log.LOG_LEVEL_WARNING ?? 2);
const print = text => process.stdout.write(text + '\n');
let said = [];
for (const level of ['log', 'warn', 'error', 'debug', 'info']) {
  console[level] = (...words) => said.push(words.join(' ').replace(/^\[[\d:.]+\] /, ''));
}

function judge(file) {
  said = [];
  const bytes = fs.readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  buffer.fileStart = 0;
  const movie = api.createFile(true);
  let info = null;
  movie.onReady = ready => { info = ready; };
  movie.onError = (module, message) => said.push(`error: ${module} ${message ?? ''}`);
  const faults = [];
  try {
    movie.appendBuffer(buffer);
    movie.flush();
  } catch (error) {
    faults.push('throws: ' + error.message);
  }
  if (!info) faults.push('not ready');
  const tracks = (info?.tracks ?? []).map(track => {
    const samples = movie.getTrackSamplesInfo(track.id) ?? [];
    let last = -Infinity, sum = 0, beyond = 0, backwards = 0;
    for (const sample of samples) {
      if (sample.offset + sample.size > bytes.length) beyond++;
      if (sample.dts <= last) backwards++;
      last = sample.dts;
      sum += sample.duration;
    }
    const stated = movie.getTrackById(track.id)?.mdia?.mdhd?.duration;
    if (beyond) faults.push(`track ${track.id}: ${beyond} samples beyond the end`);
    if (backwards) faults.push(`track ${track.id}: ${backwards} decoding times don't rise`);
    if (stated && samples.length && stated !== sum && !info.isFragmented) {
      faults.push(`track ${track.id}: the media is ${stated} ticks, its samples ${sum}`);
    }
    if (samples.length !== track.nb_samples) {
      faults.push(`track ${track.id}: ${track.nb_samples} samples stated, ${samples.length} found`);
    }
    return { id: track.id, samples: samples.length };
  });
  return { file, faults: [...faults, ...new Set(said)], tracks };
}

for (const file of process.argv.slice(2)) print(JSON.stringify(judge(file)));
process.exit(0);
