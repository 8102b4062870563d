"""The clips of the comparison, as float32 arrays of shape (frames, channels) at 44.1 or 48 kHz.

Real sound is what the files of the media folder decode to, its beginning cut off by an odd number of frames so that no
encoder meets the block grid of the file's own codec. The rest is generated, always the same.
"""

import os
import shutil
import subprocess

import numpy as np

REAL = [  # name, file, seconds, channels
    ("bear", "media/bear.flac", 2.7, 2),
    ("street", "bench/bench_20s.mp4", 12, 2),
    ("action", "media/gopro_max.mp4", 10, 2),
    ("atmos", "media/eac3_atmos.mp4", 2, 2),
    ("tune", "media/edts_avc_aac.mp4", 9, 2),
    ("voice", "media/itunes_mpeg4_wave.mov", 12, 1),
    ("outdoors", "media/flir_iphone_vfr.mp4", 10, 1),
    ("surround", "media/heaac_51.mp4", 12, 2),
    ("adpcm", "media/ima4.mov", 10, 2),
    ("film51", "media/heaac_51.mp4", 6, 6),
]


def decoded(path, seconds, channels, rate=48000):
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-ac", str(channels), "-ar", str(rate)]
    raw = subprocess.run(command + ["-t", str(seconds), "-f", "f32le", "-"], capture_output=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, channels)[517:]


def limited(clip):
    """Within full scale, so that encoders of 16 bit clip nothing."""
    return clip * np.float32(min(1, 0.99 / np.abs(clip).max()))


def speech(rate=48000):
    if not shutil.which("espeak-ng"):
        return None
    text = (
        "The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore. "
        "Peter Piper picked a peck of pickled peppers, and thirty-six thick thistle sticks."
    )
    wav = subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "165", "--stdout", text], capture_output=True).stdout
    command = ["ffmpeg", "-v", "error", "-i", "-", "-ar", str(rate), "-ac", "1", "-f", "f32le", "-"]
    mono = np.frombuffer(subprocess.run(command, input=wav, capture_output=True).stdout, np.float32)
    random = np.random.default_rng(1)
    # A voice a little to the left in a small room with some air.
    room = random.normal(size=(4000, 2)) * np.exp(-np.arange(4000) / 700)[:, None] * 0.02
    room[0] = [0.9, 0.6]
    wet = np.stack([np.convolve(mono, room[:, c])[: len(mono)] for c in range(2)], 1)
    return (wet * 0.8 + random.normal(size=wet.shape) * 3e-4).astype(np.float32)


def castanets(rate=48000, seconds=6):
    random = np.random.default_rng(2)
    out = random.normal(size=(rate * seconds, 2)) * 1e-4
    time = 0.1
    while time < seconds - 0.3:
        n = np.arange(int(0.08 * rate))
        click = sum(
            a * np.sin(2 * np.pi * f * n / rate + p) * np.exp(-n / (rate * d))
            for a, f, d, p in [(0.5, 1900, 0.012, 0), (0.4, 2900, 0.008, 1), (0.3, 5200, 0.004, 2)]
        )
        click = click + random.normal(size=len(n)) * np.exp(-n / (rate * 0.002)) * 0.5
        pan, start = random.uniform(0.25, 0.75), int(time * rate)
        out[start : start + len(n)] += click[:, None] * [1 - pan, pan] * random.uniform(0.4, 0.9)
        time += random.choice([0.09, 0.12, 0.18, 0.31])
    return out.astype(np.float32)


def sweep(rate=48000, seconds=8):
    t = np.arange(rate * seconds) / rate
    k = np.log(18000 / 40) / seconds
    phase = 2 * np.pi * 40 * (np.exp(k * t) - 1) / k
    return (0.5 * np.stack([np.sin(phase), np.sin(phase + 1)], 1)).astype(np.float32)


def strings(rate=48000, seconds=10):
    """Chords of slightly detuned, vibrating harmonic tones: strongly tonal and wide."""
    random = np.random.default_rng(3)
    t = np.arange(rate * seconds) / rate
    out = np.zeros((len(t), 2))
    for chord in range(5):
        inside = np.clip(np.minimum((t - 2 * chord) / 0.15, (2 * chord + 2 - t) / 0.15), 0, 1)
        for note in [[0, 4, 7, 12], [-3, 0, 5, 9], [2, 5, 9, 14], [-5, 2, 7, 11], [0, 4, 7, 16]][chord]:
            base = 196 * 2 ** (note / 12) * (1 + random.normal() * 1e-3)
            wave = base * t + 0.4 * np.sin(2 * np.pi * (5 + random.normal() * 0.3) * t) * base / 400
            tone = sum(np.sin(2 * np.pi * h * wave + random.uniform(0, 6)) / h**1.2 for h in range(1, 30))
            pan = random.uniform(0.2, 0.8)
            out += (tone * inside)[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)]
    return (out * 0.08).astype(np.float32)


def band(rate=48000, seconds=10):
    """Plucked strings, a bass, drums and hats."""
    random = np.random.default_rng(4)
    out = np.zeros((rate * (seconds + 1), 2))

    def add(sound, at, pan, gain):
        start = int(at * rate)
        out[start : start + len(sound)] += sound[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)] * gain

    def pluck(hertz, length=0.9):
        period = int(rate / hertz)
        line, sound = random.uniform(-1, 1, period), np.zeros(int(length * rate))
        for start in range(0, len(sound), period):
            part = min(period, len(sound) - start)
            sound[start : start + part] = line[:part]
            line = 0.498 * (line + np.roll(line, 1))
        return sound

    n = np.arange(int(0.3 * rate))
    kick = np.sin(2 * np.pi * 50 * n / rate + 8 * np.exp(-n / 900)) * np.exp(-n / 4000)
    snare = random.normal(size=len(n)) * np.exp(-n / 2500) * 0.4 + np.sin(2 * np.pi * 190 * n / rate) * np.exp(-n / 2000) * 0.5
    hat = np.diff(random.normal(size=len(n) + 1)) * np.exp(-n / 900) * 0.2
    for beat in range(seconds * 2):
        add(kick if beat % 2 == 0 else snare, beat / 2, 0.5, 0.45)
        for half in (0, 0.25):
            add(hat, beat / 2 + half, 0.65, 0.35)
            note = random.choice([0, 3, 5, 7, 10, 12])
            add(pluck(220 * 2 ** (note / 12)), beat / 2 + half, random.uniform(0.2, 0.8), 0.25)
        add(pluck(55 * 2 ** (random.choice([0, 3, 5]) / 12), 0.5), beat / 2, 0.5, 0.3)
    return out[: rate * seconds].astype(np.float32)


def hall(dry, seed, rate=48000, seconds=1.5, wet=0.35):
    """Adds a room's decaying echo, another in each channel."""
    random = np.random.default_rng(seed)
    n = np.arange(int(seconds * rate))
    size = 1 << (len(dry) + len(n)).bit_length()
    out = dry.copy()
    for channel in range(dry.shape[1]):
        echo = random.normal(size=len(n)) * np.exp(-5 * n / len(n)) * (n > 0.01 * rate)
        echo = np.convolve(echo, [0.25, 0.5, 0.25])[: len(n)]
        echo /= np.sqrt((echo**2).sum())
        tail = np.fft.irfft(np.fft.rfft(dry[:, channel], size) * np.fft.rfft(echo, size), size)
        out[:, channel] = (1 - wet) * dry[:, channel] + wet * tail[: len(dry)]
    return out


def choir(rate=48000, seconds=10):
    """Sixteen voices that sing vowels, each a little off the others, in a hall."""
    random = np.random.default_rng(5)
    vowels = [(700, 1100, 2600, 3300), (450, 1900, 2600, 3500), (350, 800, 2500, 3200), (400, 2100, 2900, 3600)]
    t = np.arange(rate * seconds) / rate
    out = np.zeros((len(t), 2))
    for voice in range(16):
        pan, part = random.uniform(0.1, 0.9), voice % 4
        for chord in range(5):
            start = 2 * chord + random.uniform(0, 0.06)
            part_of = (t > start - 0.01) & (t < start + 2.1)
            time = t[part_of] - start
            note = [[-12, 0, 4, 7], [-15, -3, 5, 9], [-10, 2, 5, 9], [-17, -5, 2, 11], [-12, 0, 7, 12]][chord][part]
            base = 261.6 * 2 ** (note / 12) * (1 + random.normal() * 4e-3)
            vibrato = 0.006 * np.sin(2 * np.pi * random.uniform(4.5, 6) * time + random.uniform(0, 6))
            drift = np.cumsum(random.normal(size=len(time))) * 1e-5
            phase = 2 * np.pi * base * np.cumsum(1 + vibrato + drift) / rate
            sound = np.zeros(len(time))
            for harmonic in range(1, int(9000 / base)):
                hertz = harmonic * base
                formants = sum(a / (1 + ((hertz - f) / 90) ** 2) for f, a in zip(vowels[chord % 4], (1, 0.6, 0.3, 0.25)))
                sound += (formants + 0.004) / harmonic**0.5 * np.sin(harmonic * phase + random.uniform(0, 6))
            breath = np.diff(random.normal(size=len(time) + 1)) * 0.004
            inside = np.clip(np.minimum(time / 0.12, (2.05 - time) / 0.12), 0, 1)
            out[part_of] += ((sound + breath) * inside)[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)]
    return (hall(out, 6) * 0.12).astype(np.float32)


def orchestra(rate=48000, seconds=10):
    """Strings, brass, a flute, timpani and a cymbal, in a hall."""
    random = np.random.default_rng(7)
    out = np.zeros((rate * (seconds + 3), 2))

    def add(sound, at, pan, gain):
        start = int(at * rate)
        out[start : start + len(sound)] += sound[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)] * gain

    def tone(hertz, length, bright, rise, vibrato=0.004):
        n = np.arange(int(length * rate))
        swing = vibrato * np.sin(2 * np.pi * random.uniform(4.8, 5.8) * n / rate + random.uniform(0, 6))
        phase = 2 * np.pi * hertz * np.cumsum(1 + swing + random.normal() * 2e-3) / rate
        inside = np.clip(np.minimum(n / rate / rise, (len(n) - n) / rate / 0.08), 0, 1)
        count = int(min(40, 15000 / hertz))
        # Brighter where it is louder, as brass and strings are.
        return sum(
            np.sin(h * phase + random.uniform(0, 6)) * inside ** (1 + h * 0.15) / h**bright for h in range(1, count)
        )

    n = np.arange(2 * rate)
    for beat in range(seconds * 2):
        chord = [[0, 4, 7, 12], [5, 9, 12, 17], [-5, 2, 7, 11], [-3, 0, 4, 9]][beat // 4 % 4]
        if beat % 2 == 0:
            for note in chord:
                for player in range(3):
                    add(tone(196 * 2 ** (note / 12), 1.1, 1.1, 0.09), beat / 2, random.uniform(0, 0.45), 0.035)
            add(tone(98 * 2 ** (chord[0] / 12), 1.1, 0.9, 0.05), beat / 2, 0.8, 0.07)
        if beat % 4 == 3:
            for note in chord[1:]:
                add(tone(233 * 2 ** (note / 12), 0.45, 0.6, 0.03, 0), beat / 2, 0.65, 0.05)
        add(tone(784 * 2 ** (random.choice(chord) / 12), 0.24, 2.2, 0.03, 0.006), beat / 2 + 0.25, 0.5, 0.12)
        if beat % 8 == 0:
            drum = sum(np.sin(2 * np.pi * 73 * r * n / rate) * np.exp(-n / rate * 3 * r) for r in (1, 1.5, 1.98, 2.44))
            add(drum, beat / 2, 0.4, 0.2)
        if beat % 16 == 8:
            hiss = np.diff(random.normal(size=len(n) + 1)) * np.exp(-n / rate * 2.5)
            add(hiss, beat / 2, 0.6, 0.08)
    return (hall(out, 8)[: rate * seconds] * 0.9).astype(np.float32)


def applause(rate=48000, seconds=8):
    """A few hundred hands, the near ones to be told apart."""
    random = np.random.default_rng(9)
    out = np.zeros((rate * (seconds + 1), 2))
    n = np.arange(int(0.02 * rate))
    for person in range(160):
        pan, distance = random.uniform(0.02, 0.98), random.uniform(1, 12)
        hertz, sharp, pace = random.uniform(700, 2800), random.uniform(0.0015, 0.005), random.uniform(0.2, 0.3)
        time = random.uniform(0, 0.3)
        while time < seconds:
            clap = np.exp(-n / rate / sharp) * random.normal(size=len(n))
            clap = clap * 0.5 + np.exp(-n / rate / sharp) * np.sin(2 * np.pi * hertz * n / rate)
            start = int(time * rate)
            out[start : start + len(n)] += clap[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)] * (0.25 / distance)
            time += pace * random.uniform(0.93, 1.07)
    return hall(out, 10, wet=0.25)[: rate * seconds].astype(np.float32)


def glockenspiel(rate=48000, seconds=8):
    """Struck bars: sharp attacks with few, long, high, strong tones, nothing between them."""
    random = np.random.default_rng(11)
    out = random.normal(size=(rate * (seconds + 3), 2)) * 3e-5
    n = np.arange(3 * rate)
    for beat in range(int(seconds / 0.25)):
        if random.uniform() < 0.25:
            continue
        base, pan = 784 * 2 ** (random.choice([0, 2, 4, 7, 9, 12, 14, 16]) / 12), random.uniform(0.3, 0.7)
        bar = sum(
            a * np.sin(2 * np.pi * base * r * n / rate) * np.exp(-n / rate * d)
            for r, a, d in [(1, 1, 1.6), (2.76, 0.5, 4), (5.4, 0.3, 9), (8.93, 0.15, 20)]
            if base * r < 20000
        )
        bar = bar + random.normal(size=len(n)) * np.exp(-n / rate / 0.0008) * 0.5
        start = int(beat * 0.25 * rate + random.uniform(0, 300))
        out[start : start + len(n)] += bar[:, None] * [np.sqrt(1 - pan), np.sqrt(pan)] * random.uniform(0.08, 0.2)
    return out[: rate * seconds].astype(np.float32)


def all_clips(shared):
    for name, file, seconds, channels in REAL:
        path = os.path.join(shared, file)
        if os.path.exists(path):
            yield name, limited(decoded(path, seconds, channels)), 48000
        else:
            print(f"SKIPPED: {path} is missing")
    for make in (speech, castanets, glockenspiel, applause, choir, orchestra, strings, band, sweep):
        clip = make()
        if clip is None:
            print(f"SKIPPED: {make.__name__} (needs espeak-ng)")
        else:
            yield make.__name__, limited(clip), 48000
