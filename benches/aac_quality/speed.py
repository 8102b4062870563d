#!/usr/bin/env python3
"""How fast the encoders are: `speed.py [--rates 64,96,128,192] [--runs 5]`.

A minute of stereo music through each in turn, on one thread; printed is the median of the user time, as times real time, and
how many times that of the first libavcodec. The processes' start is part of it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile

import numpy as np

import clips
import compare

MUSIC = ("band", "orchestra", "choir", "strings", "tune")
SECONDS = 60


def music(shared):
    sounds = [pcm for name, pcm, _ in clips.all_clips(shared) if name in MUSIC]
    once = np.concatenate(sounds)
    return np.tile(once, (SECONDS * 48000 // len(once) + 1, 1))[: SECONDS * 48000]


def user_time(command, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with open(path, "rb") as pcm:
        subprocess.run(command, stdin=pcm, stdout=subprocess.DEVNULL, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="64,96,128,192")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--shared", default=os.path.join(compare.ROOT, "../shared"))
    options = parser.parse_args()
    compare.build()
    encoders = compare.encoders()
    old = next(name for name in encoders if name.startswith("libavcodec"))
    rates = options.rates.split(",")
    times = {(name, bits): [] for name in encoders for bits in rates}
    with tempfile.NamedTemporaryFile() as file:
        file.write(music(options.shared).tobytes())
        file.flush()
        for _ in range(options.runs):
            for name, bits in times:
                command = encoders[name](48000, 2, int(bits) * 1000)
                times[name, bits].append(user_time(command, file.name))
    print("| encoder |", " | ".join(f"{bits} kbit/s" for bits in rates), "|")
    print("|---|" + "---|" * len(rates))
    median = {key: statistics.median(some) for key, some in times.items()}
    for name in encoders:
        cells = [f"{SECONDS / median[name, b]:.0f} x ({median[old, b] / median[name, b]:.2f})" for b in rates]
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
