"""The foreign readers. Each has a name, says whether it is installed, which copies it can judge, and what it holds
against a file: a list of plain sentences without the file's name in them."""
import concurrent.futures, json, os, pathlib, re, shutil, subprocess, sys

HERE = pathlib.Path(__file__).resolve().parent
BOXES = {".mov", ".mp4", ".m4a", ".m4v", ".3gp", ".cmfv", ".m4s"}
# What Chromium plays, by sample entry.
CHROMIUM_PLAYS = {"avc1", "avc3", "vp09", "av01", "mp4a", "Opus", "fLaC", ".mp3"}


def run(command, timeout=120, env=None):
    """Standard output and error of a command."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, timeout=timeout,
                              env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired:
        return -1, "", f"no end after {timeout} s"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def lines(text, path):
    """The different lines of `text`, without addresses and without the file's name."""
    text = text.replace(str(path), "FILE")
    text = re.sub(r" @ 0x[0-9a-f]+", "", text).replace("\0", "\\0")
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def newer_ffmpeg():
    """FFmpeg 9 from PyPI's imageio-ffmpeg: in the virtual environment of `setup`, else wherever Python finds it."""
    if "FFMPEG9" in os.environ:
        return os.environ["FFMPEG9"]
    question = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    for python in (HERE / ".python/bin/python", sys.executable):
        if pathlib.Path(python).exists():
            code, out, _ = run([python, "-c", question])
            if code == 0:
                return out.strip()
    return None


class Reader:
    """One that judges files one by one, two at a time."""
    name = ""
    needs = None

    def title(self):
        return self.name

    def missing(self):
        return None if shutil.which(self.needs) else f"{self.needs} is not installed"

    def takes(self, path, report):
        return True

    def takes_source(self, path):
        return True

    def faults(self, paths, copies):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda path: self.judge(path, copies and copies.get(path)), paths)
            return dict(zip(paths, found))


class FrameHash(Reader):
    """Every packet of the copy is the source's: times, size, hash."""

    def __init__(self, name, command):
        self.name, self.command = name, command

    def missing(self):
        return None if self.command and shutil.which(self.command) else "not installed"

    def takes_source(self, path):
        return False

    def packets(self, path):
        """By stream: (dts, pts, size, hash); the ticks of each stream."""
        _, out, _ = run([self.command, "-v", "quiet", "-i", path, "-map", "0", "-map", "-0:t?", "-c", "copy",
                         "-f", "framehash", "-"])
        streams, ticks = {}, {}
        for line in out.splitlines():
            if line.startswith("#tb "):
                stream, _, base = line[4:].partition(":")
                ticks[int(stream)] = base.strip()
            elif not line.startswith("#"):
                cells = [cell.strip() for cell in line.split(",")]
                streams.setdefault(int(cells[0]), []).append((cells[1], cells[2], cells[4], cells[5]))
        return streams, ticks

    def hashes(self, path, stream, copied):
        """The hash of all bytes of a copied stream, or of every decoded frame."""
        how = ["-c", "copy", "-f", "hash", "-"] if copied else ["-fps_mode", "passthrough", "-f", "framehash", "-"]
        _, out, _ = run([self.command, "-v", "quiet", "-i", path, "-map", f"0:{stream}", *how])
        return [line.split(",")[-1].strip() for line in out.splitlines() if not line.startswith("#")]

    def is_same_otherwise(self, copy, path, source, to):
        """Containers cut PCM into packets by rules of their own: all bytes must be equal. A transport stream's start codes
        become lengths: every decoded frame must be equal."""
        if "PCM" in copy.report["tracks"][source]["source"]:
            return self.hashes(copy.source, source, True) == self.hashes(path, to, True)
        if copy.source.suffix in (".ts", ".mts"):
            before = self.hashes(copy.source, source, False)
            return before and before == self.hashes(path, to, False)
        return False

    def judge(self, path, copy):
        (before, ticks), (after, new_ticks) = self.packets(copy.source), self.packets(path)
        boxes = copy.source.suffix in BOXES
        kept = [index for index, track in enumerate(copy.report["tracks"]) if track["fate"] == "copy"]
        found = []
        for to, source in enumerate(kept):
            # Other containers count in other ticks: there bytes and order are compared, not times.
            skip = 0 if boxes and ticks.get(source) == new_ticks.get(to) else 2
            old = [packet[skip:] for packet in before.get(source, [])]
            new = [packet[skip:] for packet in after.get(to, [])]
            first = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), None)
            if len(old) != len(new) or first is not None:
                if self.is_same_otherwise(copy, path, source, to):
                    continue
                shown = f": {old[first]} became {new[first]}" if first is not None else ""
                found.append(f"track {to}: {len(old)} packets became {len(new)}, first difference {first}{shown}")
        return found


class Decode(Reader):
    """Decodes everything and complains about nothing."""

    def __init__(self, name, command):
        self.name, self.command = name, command

    def missing(self):
        return None if self.command and shutil.which(self.command) else "not installed"

    def judge(self, path, copy):
        code, _, said = run([self.command, "-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-err_detect", "explode",
                             "-i", path, "-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "null", "-"])
        found = lines(said, path)
        return found if found or code == 0 else [f"exit code {code}"]


class GStreamer(Reader):
    name, needs = "gstreamer", "gst-launch-1.0"
    # Said of every sound file: of boxes qtdemux has no name for (`keys`, `chan`), and of tracks without fragments.
    CHATTER = ("unknown QuickTime node type", "failed to find fragment defaults")

    def title(self):
        return "GStreamer 1.22 (qtdemux, decodebin)"

    def judge(self, path, copy):
        sink = "fakesink sync=false"
        code, out, said = run(["gst-launch-1.0", "-q", "playbin", f"uri={path.as_uri()}", f"video-sink={sink}",
                               f"audio-sink={sink}", f"text-sink={sink}", "flags=0x7"],
                              env={"GST_DEBUG": "qtdemux:2", "GST_DEBUG_NO_COLOR": "1"})
        said = re.sub(r"^\d+:\d\d:\d\d\.\d+ +\d+ +0x[0-9a-f]+ ", "", said, flags=re.M)
        wanted = re.compile(r"WARN|ERROR|CRITICAL|WARNING", re.I)
        found = [line for line in lines(out + said, path)
                 if wanted.search(line) and not any(words in line for words in self.CHATTER)]
        return found if found or code == 0 else [f"exit code {code}"]


class MediaInfo(Reader):
    """Nothing truncated; the copy's tracks are counted and described as the source's."""
    name, needs = "mediainfo", "mediainfo"
    FACTS = {"Video": ["Width", "Height", "Rotation", "colour_primaries", "transfer_characteristics",
                       "matrix_coefficients", "PixelAspectRatio", "BitDepth"],
             "Audio": ["Channels", "SamplingRate", "Compression_Mode"]}

    def tracks(self, path):
        _, out, _ = run(["mediainfo", "--Output=JSON", path])
        try:
            return json.loads(out)["media"]["track"]
        except (ValueError, KeyError, TypeError):
            return []

    def judge(self, path, copy):
        tracks = self.tracks(path)
        truncated = [f"{track['@type']} is truncated" for track in tracks
                     if track.get("extra", {}).get("IsTruncated") == "Yes" or track.get("IsTruncated") == "Yes"]
        if copy is None:
            return truncated
        found = list(truncated)
        source = self.tracks(copy.source)
        for kind in ("Video", "Audio"):
            kept = sum(track["fate"] == "copy" and track["kind"] == kind.lower() for track in copy.report["tracks"])
            mine = [track for track in tracks if track["@type"] == kind]
            if len(mine) != kept:
                found.append(f"{len(mine)} {kind} tracks where {kept} were copied")
            theirs = [track for track in source if track["@type"] == kind]
            if copy.source.suffix not in BOXES or len(mine) != len(theirs):
                continue
            for old, new in zip(theirs, mine):
                for fact in self.FACTS[kind]:
                    if old.get(fact) != new.get(fact):
                        found.append(f"{kind} {fact}: {old.get(fact)} became {new.get(fact)}")
        return found


class Node(Reader):
    """A script that judges many files in one process and prints a JSON line for each."""
    needs = "node"
    at_once = 40

    def __init__(self, name, title, module):
        self.name, self.shown, self.module = name, title, module

    def title(self):
        return self.shown

    def folder(self):
        return pathlib.Path(os.environ.get("CHECKERS", HERE)) / "node_modules"

    def missing(self):
        if not (self.folder() / self.module).exists():
            return f"no npm package {self.module} (conformance/setup installs it)"
        return super().missing()

    def takes_source(self, path):
        return path.suffix in BOXES

    def faults(self, paths, copies):
        found = {}
        for start in range(0, len(paths), self.at_once):
            some = paths[start:start + self.at_once]
            _, out, said = run(["node", HERE / "node" / f"{self.name}.mjs", *some], timeout=900)
            for line in out.splitlines():
                verdict = json.loads(line)
                path = pathlib.Path(verdict["file"])
                found[path] = lines("\n".join(verdict["faults"]), path)
            for path in some:
                found.setdefault(path, [f"no verdict: {said.strip()[:200]}"])
        return found


class Chromium(Node):
    """Plays what Chromium has decoders for."""
    at_once = 20

    def __init__(self):
        super().__init__("chromium", "Chromium (plays, seeks)", "playwright-core")

    def missing(self):
        if not shutil.which("chromium") and "CHROMIUM" not in os.environ:
            return "chromium is not installed"
        return super().missing()

    def codes(self, path):
        code, out, _ = run([self.reel, "inspect", "--json", path])
        if code != 0:
            return None
        tracks = [track for track in json.loads(out)["tracks"] if track["kind"] in ("video", "audio")]
        return [track["codec"] for track in tracks if track["samples"]]

    def takes(self, path, report):
        codes = self.codes(path)
        return path.suffix == ".mp4" and bool(codes) and all(code in CHROMIUM_PLAYS for code in codes)

    def takes_source(self, path):
        return path.suffix in BOXES and bool(self.codes(path))


def all_readers(reel):
    """Every reader there is, installed or not."""
    newer = newer_ffmpeg()
    Chromium.reel = reel
    return [
        FrameHash("framehash 5", "ffmpeg"),
        FrameHash("framehash 9", newer),
        Decode("decode 5", "ffmpeg"),
        Decode("decode 9", newer),
        GStreamer(),
        MediaInfo(),
        Node("mp4box", "mp4box.js 2.4", "mp4box"),
        Node("mediabunny", "Mediabunny 1.61", "mediabunny"),
        Chromium(),
    ]
