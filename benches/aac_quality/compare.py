#!/usr/bin/env python3
"""Compares AAC LC encoders: `compare.py [--rates 64,96,128,192] [--only NAME,...] [--clips NAME,...] [--json FILE]`.

Builds our encoder and rusty_aac's (`crates/codec-native/examples/aac_encode.rs`) and fdk-aac (`fdk_aac/`). Needs cargo and a
C++ compiler, numpy, ffmpeg and, for the clip of speech, espeak-ng; compares with PyPI's imageio-ffmpeg too where that is
installed. Prints, per bit rate and encoder, the means over the clips, and in which clip noise (in dB) and disturbed frames
(in points of percent) are furthest above those of the oldest libavcodec here, or least below.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import re
import subprocess
import sys

# The processes below are enough for the machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import clips
import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def program(name):
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "release", name)


def binary():
    """Our encoder; AAC_ENCODE names another version of it."""
    return os.environ.get("AAC_ENCODE", program("examples/aac_encode"))


def build():
    """Builds what is compared, and drops what can't be."""
    cargo = ["cargo", "build", "--quiet", "--release"]
    subprocess.run(cargo + ["-p", "reelwright-codec-native", "--example", "aac_encode"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    done = subprocess.run(cargo + ["--target-dir", target], cwd=os.path.join(HERE, "fdk_aac"))
    if done.returncode:
        print("SKIPPED: fdk-aac can't be built here")


def ffmpegs():
    """Name and path of every ffmpeg here."""
    paths = ["ffmpeg"]
    try:
        import imageio_ffmpeg

        paths.append(imageio_ffmpeg.get_ffmpeg_exe())
    except ImportError:
        print("SKIPPED: PyPI's imageio-ffmpeg is not installed")
    for path in paths:
        first = subprocess.run([path, "-version"], capture_output=True, text=True).stdout.split("\n")[0]
        number = re.search(r"version n?(\d+\.\d+)", first)
        yield "libavcodec of FFmpeg " + (number[1] if number else first), path


@functools.lru_cache
def encoders():
    """By name, the command that is fed with interleaved float PCM and puts out ADTS."""

    def ours(mode):
        return lambda rate, ch, bits: [binary(), str(rate), str(ch), str(bits), mode]

    def libavcodec(path):
        return lambda rate, ch, bits: (
            [path, "-v", "error", "-f", "f32le", "-ar", str(rate), "-ac", str(ch), "-i", "-", "-threads", "1"]
            + ["-c:a", "aac", "-b:a", str(bits), "-f", "adts", "-"]
        )

    out = {"ours average": ours("average"), "ours constant": ours("constant")}
    out |= {name: libavcodec(path) for name, path in ffmpegs()}
    if os.path.exists(program("fdk_aac")):
        out["fdk-aac 2.0"] = lambda rate, ch, bits: [program("fdk_aac"), str(rate), str(ch), str(bits)]
    return out | {"rusty_aac 2.0.1": ours("rusty_aac")}


def run(command, pcm):
    done = subprocess.run(command, input=pcm, capture_output=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode()}")
    return done.stdout


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
    adts = run(encoders()[name](rate, channels, bits), pcm.tobytes())
    size, frames = payload(adts)
    measured = metrics.measure(pcm, decode(adts, channels), rate)
    kbps = size * 8 / (frames * 1024 / rate) / 1000 / pairs
    return dict(bits=job[0], encoder=name, clip=clip, kbps=kbps) | measured


def table(rows, rates):
    """Means over the clips, and the clip that is worst beside libavcodec (of the oldest version here)."""
    old = next((row["encoder"] for row in rows if row["encoder"].startswith("libavcodec")), None)
    base = {(row["bits"], row["clip"]): row for row in rows if row["encoder"] == old}
    print("| kbit/s asked | encoder | got | segmental SNR | NMR | frame NMR | disturbed | worst clip, NMR | worst clip, disturbed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for bits in rates:
        for name in dict.fromkeys(row["encoder"] for row in rows):
            some = [row for row in rows if row["bits"] == bits and row["encoder"] == name]
            mean = lambda key: np.mean([row[key] for row in some])
            worst = []
            for key, scale, unit in ("nmr", 1, " dB"), ("disturbed", 100, ""):
                beside = [(scale * (r[key] - base[bits, r["clip"]][key]), r["clip"]) for r in some if (bits, r["clip"]) in base]
                worst.append(f"{max(beside)[0]:+.1f}{unit}, {max(beside)[1]}" if beside and name != old else "")
            print(
                f"| {bits} | {name} | {mean('kbps'):.1f} | {mean('snr'):.1f} dB | {mean('nmr'):.1f} dB | {mean('frame_nmr'):.1f} dB "
                f"| {100 * mean('disturbed'):.1f} % | {worst[0]} | {worst[1]} |"
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
    build()
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
