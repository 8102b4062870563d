#!/usr/bin/env python3
"""Decodes our AAC by everybody: `decoders.py [--rates 32,64,128,192] [--clips NAME,...]`.

Every clip of the comparison is encoded as ADTS and decoded by ffmpeg, Chromium (`decodeAudioData` of a page on localhost)
and GStreamer's faad and fdkaacdec where they are installed; printed is how far the others are from ffmpeg, in units of 16
bits, and whatever they complain of. Chromium needs playwright-core: CHECKERS names the folder whose node_modules has it
(default: conformance/). Exit code 1 where one is more than a unit apart; faad puts out rounded 16 bits and may be one and a
half apart.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np

import clips
import compare

HERE = os.path.dirname(os.path.abspath(__file__))
FAR = {"chromium": 1.01, "fdkaacdec": 1.01, "faad": 1.51}


def ffmpeg(path, channels):
    command = ["ffmpeg", "-v", "warning", "-xerror", "-f", "aac", "-i", "-", "-f", "f32le", "-"]
    done = subprocess.run(command, stdin=open(path, "rb"), capture_output=True)
    return sound(done, done.stdout, channels)


def gstreamer(decoder):
    def run(path, channels):
        raw = f"{path}.{decoder}"
        parts = f"filesrc location={path} ! aacparse ! {decoder} ! audioconvert dithering=none ! audio/x-raw,format=F32LE,channels="
        # Of one channel, faad makes two.
        command = ["gst-launch-1.0", "-q", *f"{parts}{channels}".split(), "!", "filesink", "location=" + raw]
        return sound(subprocess.run(command, capture_output=True), open(raw, "rb").read(), channels)

    return run


def chromium(folder):
    """Has Chromium decode all files of a folder at once; gives what looks them up."""
    done = subprocess.run(["node", os.path.join(HERE, "chromium_decode.mjs"), folder], capture_output=True)

    def run(path, channels):
        out = path + ".chromium"
        return sound(done, open(out, "rb").read() if os.path.exists(out) else b"", channels)

    return run


def sound(done, raw, channels):
    """The samples, and what was complained of."""
    samples = np.frombuffer(raw[: len(raw) // 4 // channels * 4 * channels], np.float32)
    complaint = done.stderr.decode().strip()
    return samples.reshape(-1, channels), complaint or (f"exit code {done.returncode}" if done.returncode else "")


def gstreamers():
    for name in ("faad", "fdkaacdec"):
        if subprocess.run(["gst-inspect-1.0", "--exists", name]).returncode == 0:
            yield name, gstreamer(name)
        else:
            print(f"SKIPPED: GStreamer has no {name}")


def apart(ours, theirs):
    """The greatest difference in units of 16 bits, channels in any order, the start of one cut off by whole packets."""
    best = np.inf
    # Those that put out 16 bits clip.
    ours, theirs = np.clip(ours, -1, 1), np.clip(theirs, -1, 1)
    for cut in (0, 1024, 2048):
        for a, b in ((ours[cut:], theirs), (ours, theirs[cut:])):
            length = min(len(a), len(b))
            if length < 0.8 * len(ours):
                continue
            pairs = [[np.abs(a[:length, i] - b[:length, j]).max() for j in range(b.shape[1])] for i in range(a.shape[1])]
            best = min(best, max(map(min, pairs)))
    return best * 32768


def check(clip, pcm, rate, rates, others, worst):
    """All rates of one clip; gives streams and failures."""
    channels, failures = pcm.shape[1], 0
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for bits, mode in itertools.product(rates, ("average", "constant")):
            paths.append(os.path.join(folder, f"{clip}_{bits}_{mode}.aac"))
            bits = int(int(bits) * 1000 * {1: 0.5, 2: 1.0, 6: 2.5}[channels])
            command = [compare.binary(), str(rate), str(channels), str(bits), mode]
            with open(paths[-1], "wb") as file:
                file.write(compare.run(command, pcm.tobytes()))
        others = others | {"chromium": chromium(folder)}
        for path in paths:
            reference, complaint = ffmpeg(path, channels)
            if complaint:
                failures += 1
                print(os.path.basename(path), "ffmpeg:", complaint)
            for name, decode in others.items():
                decoded, complaint = decode(path, channels)
                distance = apart(reference, decoded)
                worst[name] = max(worst.get(name, 0), distance)
                if complaint or distance > FAR[name]:
                    failures += 1
                    print(os.path.basename(path), f"{name}: {distance:.2f} units apart", complaint[:200])
    return len(paths), failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="32,64,128,192")
    parser.add_argument("--clips")
    parser.add_argument("--shared", default=os.path.join(compare.ROOT, "../shared"))
    options = parser.parse_args()
    compare.build()
    others, worst, streams, failures = dict(gstreamers()), {}, 0, 0
    for clip, pcm, rate in clips.all_clips(options.shared):
        if not options.clips or clip in options.clips.split(","):
            count, failed = check(clip, pcm, rate, options.rates.split(","), others, worst)
            streams, failures = streams + count, failures + failed
    distances = ", ".join(f"{name} {distance:.2f}" for name, distance in worst.items())
    print(f"{streams} streams; greatest distance from ffmpeg in units of 16 bits: {distances}; {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
