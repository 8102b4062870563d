#!/usr/bin/env python3
"""Measures `reel` against the peer's command on the same input, interleaved, and prints medians and ratios.

    benches/against_peers.py --reel target/release/reel [--reel-libav PATH] --input bench_20s.mp4 [--rounds 3] [group ...]

Groups: startup remux sync million medium veryfast superfast quality hdr (startup remux sync veryfast, when none is named).
Every case of a group runs once in order, then all again: a ratio is taken within its round, against the group's first case.
Needs ffmpeg on the path; FFmpeg 9 is used as well when the Python package `imageio-ffmpeg` is there.
CPU time and peak memory are GNU time's (Debian's package `time`), which adds about a millisecond to the start-up group.
"""
import argparse, os, shutil, statistics, subprocess, sys, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--reel", required=True, help="a release build with the default features")
parser.add_argument("--reel-libav", help="a release build with the feature libav")
parser.add_argument("--input", required=True, help="20 s of 1080p H.264 and AAC")
parser.add_argument("--small", help="a movie of some 30 kB, for the start-up group")
parser.add_argument("--hdr", help="one minute of 4K HDR HEVC, for the hdr group")
parser.add_argument("--million", help="a movie of a million tiny samples")
parser.add_argument("--work", default="/tmp/reel-bench", help="a folder for inputs made here and for outputs")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("groups", nargs="*")
options = parser.parse_args()

work = options.work
os.makedirs(work, exist_ok=True)
out = os.path.join(work, "out")
ffmpeg = shutil.which("ffmpeg")
try:
    import imageio_ffmpeg
    ffmpeg9 = imageio_ffmpeg.get_ffmpeg_exe()
except ImportError:
    ffmpeg9 = None


def run(command):
    """Runs a shell command under GNU time; wall seconds, CPU seconds, peak memory in MB (of the largest process)."""
    note = os.path.join(work, "time.txt")
    begun = time.perf_counter()
    done = subprocess.run(["/usr/bin/time", "-o", note, "-f", "%U %S %M", "sh", "-c", command], capture_output=True, text=True)
    wall = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {command}\n{done.stderr}")
    user, system, peak = open(note).read().split()
    return wall, float(user) + float(system), int(peak) / 1024


def group(title, cases, rounds=None, keep=False):
    """Runs the cases interleaved and prints a table; the first is the reference. `keep` keeps what every case wrote."""
    shutil.rmtree(out, ignore_errors=True)
    rounds = rounds or options.rounds
    figures = {name: [] for name, _ in cases}
    for _ in range(rounds):
        for name, command in cases:
            if not keep:
                shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out, exist_ok=True)
            figures[name].append(run(command))
    reference = figures[cases[0][0]]
    print(f"\n## {title}\n\n| case | wall s | range | CPU s | peak MB | wall ratio | CPU ratio |\n|---|---|---|---|---|---|---|")
    for name, _ in cases:
        wall, cpu, memory = zip(*figures[name])
        ratio = lambda i: statistics.median(a[i] / max(b[i], 0.001) for a, b in zip(figures[name], reference))
        print(f"| {name} | {statistics.median(wall):.3f} | {min(wall):.3f}-{max(wall):.3f} | {statistics.median(cpu):.3f} "
              f"| {max(memory):.1f} | {ratio(0):.2f} | {ratio(1):.2f} |")
    print("\n<details><summary>commands</summary>\n")
    for name, command in cases:
        print(f"    # {name}\n    {command}")
    print("\n</details>", flush=True)


def peers(template):
    """The same command for each ffmpeg there is."""
    cases = [("ffmpeg 5.1", template.format(ffmpeg=ffmpeg, name="ffmpeg5"))] if ffmpeg else []
    return cases + ([("ffmpeg 9.0", template.format(ffmpeg=ffmpeg9, name="ffmpeg9"))] if ffmpeg9 else [])


def long_input():
    path = os.path.join(work, "long.mp4")
    if not os.path.exists(path):
        subprocess.check_call([ffmpeg, "-v", "error", "-y", "-stream_loop", "84", "-i", options.input, "-c", "copy", path])
    return path


def startup():
    small = options.small
    if not small:
        small = os.path.join(work, "small.mov")
        subprocess.check_call([options.reel, "generate", small, "--duration", "1", "--size", "160x120", "--overwrite", "--quiet"])
    group(f"Start-up: remux of {os.path.getsize(small)} bytes", [
        ("cp", f"cp {small} {out}/o.mp4"),
        ("reel remux", f"{options.reel} remux {small} {out}/o.mp4 --quiet"),
        *peers(f"{{ffmpeg}} -v error -y -i {small} -c copy {out}/o.mp4"),
    ], rounds=15)


def remux():
    long = long_input()
    group(f"Remux of {os.path.getsize(long)} bytes", [
        ("cp", f"cp --reflink=never {long} {out}/o.mp4"),
        ("reel remux, MP4", f"{options.reel} remux {long} {out}/o.mp4 --quiet"),
        ("reel remux, MOV", f"{options.reel} remux {long} {out}/o.mov --quiet"),
        ("reel remux, index first", f"{options.reel} remux {long} {out}/o.mp4 --network --quiet"),
        *peers(f"{{ffmpeg}} -v error -y -i {long} -map 0 -c copy {out}/o.mp4"),
    ])


def sync():
    long = long_input()
    group("Remux with sync", [
        ("cp and sync", f"cp --reflink=never {long} {out}/o.mp4 && sync -d {out}/o.mp4"),
        ("reel remux --sync", f"{options.reel} remux {long} {out}/o.mp4 --sync --quiet"),
    ])


def million():
    if not options.million:
        sys.exit("the group `million` needs --million")
    group("A million samples", [
        ("reel remux", f"{options.reel} remux {options.million} {out}/o.mp4 --quiet"),
        ("reel remux, index first", f"{options.reel} remux {options.million} {out}/o.mp4 --network --quiet"),
        *peers(f"{{ffmpeg}} -v error -y -i {options.million} -c copy {out}/o.mp4"),
    ])


def x264(preset, reels):
    movie = options.input
    rate = "-b:v 3M -maxrate 4.5M -bufsize 6M -g 60"
    theirs = (f"{{ffmpeg}} -v error -y -i {movie} -vf scale=1280:720:flags=bicubic -c:v libx264 -preset {preset} {rate} "
              f"-c:a aac -b:a 128k -movflags +faststart {out}/{{name}}.mp4")
    group(f"1080p to 720p, x264 {preset}", peers(theirs) + reels, keep=True)
    quality(movie)


def libav_export(preset):
    return [("reel, libav build",
             f"{options.reel_libav} export {options.input} {out}/reel.mp4 --preset 1280x720 --encoder libx264 --encoder-option preset={preset} "
             "--video-bitrate 3M --max-rate 4.5M --buffer 6M --keyint 60 --audio-bitrate 128k --reencode --network --overwrite --quiet")]


# A third scaler, with our kernel (B = 0, C = 0.6) and siting; swscale takes chroma to lie elsewhere.
NEUTRAL = "zscale=w=1280:h=720:filter=bicubic:param_a=0:param_b=0.6"


def quality(movie, scale=NEUTRAL):
    """VMAF, PSNR and SSIM of the last round's outputs against the source, scaled by zimg or as it is."""
    judge = ffmpeg9 or ffmpeg
    for name in sorted(os.listdir(out)):
        graph = (f"[1:v]{scale}[r];[0:v]split=3[a][b][c];[r]split=3[x][y][z];"
                 "[a][x]psnr[p];[b][y]ssim[s];[c][z]libvmaf=n_subsample=3:n_threads=2[v]")
        said = subprocess.run([judge, "-i", os.path.join(out, name), "-i", movie, "-filter_complex", graph, "-map", "[p]", "-map", "[s]",
                               "-map", "[v]", "-f", "null", "-"], capture_output=True, text=True).stderr
        found = [line.split("] ", 1)[-1] for line in said.splitlines() if "average:" in line or "All:" in line or "VMAF score" in line]
        print(f"{name} ({os.path.getsize(os.path.join(out, name))} bytes): " + "; ".join(found), flush=True)


def parity():
    """Quality alone, with the same x264 (ffmpeg 5.1 and the libav build use the same library), scaled and at source size.

    ffmpeg scales as the judge does, and neither drops nor repeats pictures, so that all are judged against the same ones.
    """
    for preset in ("veryfast", "medium"):
        for title, size, scale, rate, limit in [("scaled to 720p", "1280x720", NEUTRAL, "3M", ("4.5M", "6M")),
                                                ("at source size", "1920x1080", "null", "6M", ("9M", "12M"))]:
            print(f"\n## Quality, x264 {preset}, {title}\n", flush=True)
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            theirs = (f"{{ffmpeg}} -v error -y -i {options.input} -an -vf {scale} {{passthrough}} -c:v libx264 -preset {preset} "
                      f"-b:v {rate} -maxrate {limit[0]} -bufsize {limit[1]} -g 60 {out}/{{name}}.mp4")
            for program, name, passthrough in [(ffmpeg, "ffmpeg5", "-vsync passthrough"), (ffmpeg9, "ffmpeg9", "-fps_mode passthrough")]:
                if program:
                    run(theirs.format(ffmpeg=program, name=name, passthrough=passthrough))
            run(f"{options.reel_libav} export {options.input} {out}/reel.mp4 --preset {size} --encoder libx264 --encoder-option preset={preset} "
                f"--video-bitrate {rate} --max-rate {limit[0]} --buffer {limit[1]} --keyint 60 --no-audio --reencode --overwrite --quiet")
            quality(options.input, scale)


def superfast():
    x264("superfast", [
        ("reel, default build", f"{options.reel} export {options.input} {out}/reel.mp4 --preset 1280x720 --video-bitrate 3M --keyint 60 "
                                "--audio-bitrate 128k --reencode --network --overwrite --quiet")])


def hdr():
    if not options.hdr:
        sys.exit("the group `hdr` needs --hdr")
    reels = [("reel, default build", f"{options.reel} export {options.hdr} {out}/reel.mp4 --preset 1920x1080 --codec h264 --overwrite --quiet")]
    if options.reel_libav:
        reels.append(("reel, libav build", f"{options.reel_libav} export {options.hdr} {out}/reel_libav.mp4 --preset 1920x1080 --codec h264 --overwrite --quiet"))
    group("One minute of 4K HDR HEVC to 1080p SDR", reels, rounds=1)


known = {
    "startup": startup, "remux": remux, "sync": sync, "million": million, "superfast": superfast, "hdr": hdr,
    "quality": parity,
    "medium": lambda: x264("medium", libav_export("medium")), "veryfast": lambda: x264("veryfast", libav_export("veryfast")),
}
for name in options.groups or ["startup", "remux", "sync", "veryfast"]:
    if name not in known:
        sys.exit(f"no group {name}; there are: {' '.join(known)}")
    if name in ("medium", "veryfast", "quality") and not options.reel_libav:
        sys.exit(f"the group {name} needs --reel-libav")
    known[name]()
