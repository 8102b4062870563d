// usage: node mediabunny.mjs FILE...   One JSON line a file: { file, faults, tracks }.
// Mediabunny reads every packet; decoding order must hold, and key flags must be what the bitstream says.
import path from 'path';
import fs from 'fs';
import { packages, require } from './paths.mjs';

const { Input, ALL_FORMATS, BufferSource, EncodedPacketSink } =
  await import(path.join(packages, 'node_modules/mediabunny/dist/modules/src/index.js'))
    .catch(() => require('mediabunny'));

async function judgeTrack(track, faults) {
  const name = `${track.type} ${track.id ?? ''}`.trim();
  let packets = 0, bytes = 0, last = -1, wrong = 0, end = 0;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    packets++;
    bytes += packet.byteLength;
    end = Math.max(end, packet.timestamp + packet.duration);
    if (packet.sequenceNumber <= last) faults.push(`${name}: packets out of order`);
    last = packet.sequenceNumber;
    if (track.type === 'video') {
      const real = await track.determinePacketType(packet);
      if (real && real !== packet.type) wrong++;
    }
  }
  if (wrong) faults.push(`${name}: ${wrong} wrong key flags`);
  if (!packets) faults.push(`${name}: empty`);
  const codec = await track.getCodecParameterString();
  if (!codec) faults.push(`${name}: no codec string`);
  return { type: track.type, codec, packets, bytes, end };
}

async function judge(file) {
  const faults = [], tracks = [];
  try {
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(fs.readFileSync(file)) });
    for (const track of await input.getTracks()) tracks.push(await judgeTrack(track, faults));
    if (!tracks.length) faults.push('no tracks');
  } catch (error) {
    faults.push('throws: ' + error.message);
  }
  return { file, faults: [...new Set(faults)], tracks };
}

for (const file of process.argv.slice(2)) console.log(JSON.stringify(await judge(file)));
process.exit(0);
