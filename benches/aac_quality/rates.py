#!/usr/bin/env python3
"""How well rates are kept: `rates.py [--rates 32,128,256]`.

Prints how far our average and constant rate are from what was asked, in percent, for clips of 30 s and for shorter ones, and
what variable rate takes. Exit code 1 where 30 s are off by more than 3 % (average) or 1 % (constant).
"""

import argparse
import concurrent.futures
import os
import sys

import numpy as np

import clips
import compare

LONG = 30 * 48000
MOST = {"average": 3, "constant": 1}


def sounds(shared):
    """Clips of 30 s, and what is shorter as it is."""
    by_name = {name: pcm for name, pcm, _ in clips.all_clips(shared)}
    decoded = lambda name: clips.limited(clips.decoded(os.path.join(shared, "media", name), 30.02, 2)[:LONG])
    silence = np.zeros((3 * 48000, 2), np.float32)
    mixed = ["castanets", None, "choir", "speech", "applause", "sweep"]
    yield "film", decoded("heaac_51.mp4")
    # Speech, a fifth of which is digital silence, much of it near the end.
    yield "voice", decoded("itunes_mpeg4_wave.mov")[:, :1]
    yield "mixed", np.concatenate([by_name[name][:240000] if name else silence for name in mixed])[:LONG]
    for name in "street", "speech", "castanets", "glockenspiel", "sweep", "orchestra":
        yield name, np.tile(by_name[name], (LONG // len(by_name[name]) + 1, 1))[:LONG]
    for name in "action", "outdoors", "choir", "band", "tune", "speech":
        yield f"{name}, {len(by_name[name]) / 48000:.0f} s", by_name[name]


def got(job):
    """Bits per second that a clip takes."""
    pcm, number, mode = job
    adts = compare.run([compare.binary(), "48000", str(pcm.shape[1]), str(number), mode], pcm.tobytes())
    size, frames = compare.payload(adts)
    return size * 8 / (frames * 1024 / 48000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="32,128,256")
    parser.add_argument("--shared", default=os.path.join(compare.ROOT, "../shared"))
    options = parser.parse_args()
    compare.build()
    rates = [int(rate) for rate in options.rates.split(",")]
    bad = 0
    some = list(sounds(options.shared))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for mode, most in MOST.items():
            print(f"{mode} rate, at {options.rates} kbit/s for a pair, in percent beyond what was asked:")
            for name, pcm in some:
                asked = [rate * 500 * pcm.shape[1] for rate in rates]
                off = [100 * (bits / wanted - 1) for bits, wanted in zip(pool.map(got, [(pcm, w, mode) for w in asked]), asked)]
                failed = len(pcm) == LONG and max(map(abs, off)) > most
                bad += failed
                print(f"  {name:12}", " ".join(f"{value:+.1f}" for value in off), "FAILED" if failed else "")
        print("variable rate in kbit/s, all stereo clips: mean (least to most)")
        stereo = [pcm for _, pcm, _ in clips.all_clips(options.shared) if pcm.shape[1] == 2]
        for quality in 0, 25, 50, 75, 100:
            bits = [b / 1000 for b in pool.map(got, [(pcm, quality, "variable") for pcm in stereo])]
            print(f"  {quality / 100:<5} {np.mean(bits):.0f} ({min(bits):.0f}-{max(bits):.0f})")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
