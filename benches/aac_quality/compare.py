#!/usr/bin/env python3
"""Compares AAC LC encoders: `compare.py [--rates 64,96,128,192] [--only NAME,...] [--clips NAME,...] [--json FILE]`.

Build first: `cargo build --release -p reelwright-codec-native --example aac_encode`. Needs numpy, ffmpeg and, for the
clip of speech, espeak-ng. Prints, per bit rate and encoder, the means over the clips, and in which clip noise (in dB) and
disturbed frames (in percent of all) are furthest above libavcodec's, or least below.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import resource
import subprocess
import sys

import numpy as np

import clips
import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def binary():
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.environ.get("AAC_ENCODE", os.path.join(target, "release/examples/aac_encode"))


def ffmpegs():
    yield "libavcodec 5.1" if "version 5" in version("ffmpeg") else "libavcodec", "ffmpeg"
    try:
        import imageio_ffmpeg

        path = imageio_ffmpeg.get_ffmpeg_exe()
        yield "libavcodec " + version(path).split("version ")[1].split("-")[0], path
    except ImportError:
        pass


def version(path):
    return subprocess.run([path, "-version"], capture_output=True, text=True).stdout.split("\n")[0]


@functools.lru_cache
def encoders():
    return dict(all_encoders())


def all_encoders():
    """Name and command, fed with interleaved float PCM, putting out ADTS."""
    yield "reelwright", lambda rate, ch, bits: [binary(), str(rate), str(ch), str(bits), "average"]
    yield "reelwright constant", lambda rate, ch, bits: [binary(), str(rate), str(ch), str(bits), "constant"]
    for name, path in ffmpegs():
        codecs = ["aac"]
        if " libfdk_aac " in subprocess.run([path, "-v", "quiet", "-encoders"], capture_output=True, text=True).stdout:
            codecs.append("libfdk_aac")
        for codec in codecs:
            yield name + (" fdk" if "fdk" in codec else ""), lambda rate, ch, bits, p=path, c=codec: (
                [p, "-v", "error", "-f", "f32le", "-ar", str(rate), "-ac", str(ch), "-i", "-", "-threads", "1"]
                + ["-c:a", c, "-b:a", str(bits), "-f", "adts", "-"]
            )
    # Others at hand: AAC_PEERS="fdk-aac=/path/to/program {rate} {channels} {bits};..."
    for peer in filter(None, os.environ.get("AAC_PEERS", "").split(";")):
        name, command = peer.split("=", 1)
        yield name, lambda rate, ch, bits, c=command: c.format(rate=rate, channels=ch, bits=bits).split()
    yield "rusty_aac", lambda rate, ch, bits: [binary(), str(rate), str(ch), str(bits), "rusty_aac"]


def run(command, pcm):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=pcm, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode()}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def payload(adts):
    """Bytes without the headers, and frames."""
    place = frames = size = 0
    while place + 7 <= len(adts):
        length = (adts[place + 3] & 3) << 11 | adts[place + 4] << 3 | adts[place + 5] >> 5
        size, frames, place = size + length - 7, frames + 1, place + length
    return size, frames


def decode(adts, channels):
    command = ["ffmpeg", "-v", "warning", "-f", "aac", "-i", "-", "-f", "f32le", "-ac", str(channels), "-"]
    done = subprocess.run(command, input=adts, capture_output=True)
    if done.stderr:
        print("decoder:", done.stderr.decode().strip()[:300])
    return np.frombuffer(done.stdout, np.float32).reshape(-1, channels)


def compare(job):
    """One clip through one encoder."""
    bits, name, clip, pcm, rate = job
    channels = pcm.shape[1]
    # Each pair, and the centre as half a one; the LFE takes next to nothing.
    pairs = {1: 0.5, 2: 1.0, 6: 2.5}[channels]
    bits = int(int(bits) * 1000 * pairs)
    adts, seconds = run(encoders()[name](rate, channels, bits), pcm.tobytes())
    size, frames = payload(adts)
    measured = metrics.measure(pcm, decode(adts, channels), rate)
    kbps = size * 8 / (frames * 1024 / rate) / 1000 / pairs
    cost = dict(cpu=seconds, length=len(pcm) / rate)
    return dict(bits=job[0], encoder=name, clip=clip, kbps=kbps) | measured | cost


def table(rows, rates):
    """Means over the clips, and the clip that is worst beside libavcodec (of the oldest version here)."""
    old = next((row["encoder"] for row in rows if row["encoder"].startswith("libavcodec")), None)
    base = {(row["bits"], row["clip"]): row for row in rows if row["encoder"] == old}
    print("| asked | encoder | kbit/s | seg. SNR | NMR | frame NMR | attacks | disturbed % | audible % | x real time | worst clip |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for bits in rates:
        for name in dict.fromkeys(row["encoder"] for row in rows):
            some = [row for row in rows if row["bits"] == bits and row["encoder"] == name]
            mean = lambda key: np.mean([row[key] for row in some])
            speed = sum(r["length"] for r in some) / max(sum(r["cpu"] for r in some), 1e-9)
            worst = []
            for key, scale in ("nmr", 1), ("disturbed", 100):
                beside = [(scale * (r[key] - base[bits, r["clip"]][key]), r["clip"]) for r in some if (bits, r["clip"]) in base]
                worst += [f"{max(beside)[0]:+.1f} {max(beside)[1]}"] if beside else []
            print(
                f"| {bits} | {name} | {mean('kbps'):.1f} | {mean('snr'):.2f} | {mean('nmr'):.2f} | {mean('frame_nmr'):.2f} "
                f"| {mean('attack'):.2f} | {100 * mean('disturbed'):.1f} | {100 * mean('audible'):.2f} | {speed:.0f} "
                f"| {', '.join(worst)} |"
            )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="64,96,128,192")
    parser.add_argument("--only")
    parser.add_argument("--clips")
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shared", default=os.path.join(ROOT, "../shared"))
    options = parser.parse_args()
    sounds = list(clips.all_clips(options.shared))
    wanted = lambda list, name: not list or name in list.split(",")
    jobs = [
        (bits, name, clip, pcm, rate)
        for bits in options.rates.split(",")
        for name in encoders()
        for clip, pcm, rate in sounds
        if wanted(options.only, name) and wanted(options.clips, clip)
    ]
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(compare, jobs))
    if options.json:
        json.dump(rows, open(options.json, "w"), indent=1)
    table(rows, options.rates.split(","))
    if options.clips or options.json:
        for row in rows:
            print(*(f"{v:.2f}" if isinstance(v, float) else v for v in row.values()))


if __name__ == "__main__":
    main()
