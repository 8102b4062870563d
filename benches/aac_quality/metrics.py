"""What a decoded clip lost: segmental SNR, and noise to mask ratio by the ear model of ITU-R BS.1387 (FFT version).

Every encoder is measured alike, on what ffmpeg decodes, after aligning it to the original.
"""

import functools
import hashlib

import numpy as np

FRAME, HOP = 2048, 1024


def align(reference, decoded, most=8192):
    """Shifts `decoded` by the delay at which it correlates best; both are cut to one length."""
    a, b = reference.sum(1), decoded.sum(1)
    size = 1 << (len(a) + len(b)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    delay = int(np.argmax(correlation[:most]))
    decoded = decoded[delay:]
    length = min(len(reference), len(decoded))
    return reference[:length], decoded[:length]


def segmental_snr(reference, decoded):
    """Mean over frames that are louder than -60 dB of each frame's SNR, kept within -10 to 60 dB."""
    values = []
    for start in range(0, len(reference) - HOP, HOP):
        x = reference[start : start + HOP].astype(np.float64)
        signal, noise = np.mean(x**2), np.mean((decoded[start : start + HOP] - x) ** 2)
        if signal > 1e-6:
            values.append(np.clip(10 * np.log10(signal / max(noise, 1e-12)), -10, 60))
    return float(np.mean(values))


def bark(hertz):
    return 7 * np.arcsinh(np.asarray(hertz) / 650)


class Ear:
    """Critical bands of a quarter Bark from 80 Hz to 18 kHz; full scale plays at 92 dB."""

    def __init__(self, rate):
        hertz = np.arange(FRAME // 2 + 1) * rate / FRAME
        khz = np.maximum(hertz, 20) / 1000
        decibel = -2.184 * khz**-0.8 + 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) - 1e-3 * khz**3.6
        # A full-scale sine's peak in a spectrum under a Hann window is a quarter of the frame.
        level = 10 ** (92 / 20) / (FRAME / 4)
        self.weight = level * 10 ** (decibel / 20)
        low, high = bark(80), bark(18000)
        edges = np.arange(low, high, 0.25)
        edges = np.append(edges, high)
        lines = bark(hertz)
        width = np.gradient(lines)
        # The share of each line in each band.
        top = np.minimum(lines + width / 2, edges[1:, None])
        bottom = np.maximum(lines - width / 2, edges[:-1, None])
        self.share = np.clip((top - bottom) / width, 0, 1)
        center = (edges[1:] + edges[:-1]) / 2
        self.hertz = 650 * np.sinh(center / 7)
        self.internal = 10 ** (0.4 * 0.364 * (self.hertz / 1000) ** -0.8)
        self.center = center
        self.offset = np.where(center <= 12, 3.0, 0.25 * center)
        self.masks = {}

    def spread(self, energy):
        """Level-dependent spreading: -27 dB per Bark down, -24 - 230/f + 0.2 level up; added to the power of 0.4."""
        level = 10 * np.log10(energy)
        up = np.maximum(24 + 230 / self.hertz - 0.2 * level, 2)
        distance = self.center[None, :] - self.center[:, None]
        down_part = 10 ** (-2.7 * np.maximum(-distance, 0))
        out = np.zeros_like(energy)
        for frame in range(len(energy)):
            slope = np.where(distance > 0, 10 ** (-0.1 * up[frame][:, None] * np.maximum(distance, 0)), down_part)
            slope /= slope.sum(1, keepdims=True)
            out[frame] = ((energy[frame][:, None] * slope) ** 0.4).sum(0) ** 2.5
        # So that a flat spectrum stays as it is.
        flat = np.where(distance > 0, 10 ** (-2.4 * np.maximum(distance, 0)), down_part)
        flat /= flat.sum(1, keepdims=True)
        return out / (flat**0.4).sum(0) ** 2.5

    def spectra(self, sound):
        """Of one channel, frame by frame, as loud as they reach the inner ear."""
        starts = range(0, len(sound) - FRAME, HOP)
        frames = np.stack([sound[start : start + FRAME] for start in starts]).astype(np.float64)
        return np.abs(np.fft.rfft(frames * np.hanning(FRAME))) * self.weight

    def mask(self, x):
        """What the original's spectra hide per frame and band. The same for every encoder, so it is kept."""
        key = hashlib.sha1(x.tobytes()).digest()
        if key not in self.masks:
            spread = self.spread(np.maximum(x**2 @ self.share.T, 1e-12) + self.internal)
            # Smeared over time: what came before masks a little longer.
            fall = np.exp(-HOP / 48000 / (0.008 + 100 / self.hertz * 0.022))
            for frame in range(1, len(spread)):
                spread[frame] = np.maximum(spread[frame], fall * spread[frame - 1])
            self.masks[key] = spread / 10 ** (self.offset / 10)
        return self.masks[key]

    def noise_to_mask(self, reference, decoded):
        """Noise over mask per frame and band, for one channel."""
        x, y = self.spectra(reference), self.spectra(decoded)
        loud = (x**2).sum(1) > 10 ** 3.0
        noise = (x - y) ** 2 @ self.share.T
        return (noise / self.mask(x))[loud]


@functools.lru_cache
def ear_at(rate):
    return Ear(rate)


def attack_ratio(reference, decoded, rate):
    """Error over mask in dB at a grain of 2.7 ms and one Bark from 1 to 16 kHz: what long blocks smear in time shows here.

    The mask is the original's energy, falling by 10 dB per grain towards the past and 1.5 dB towards the future, less
    6 dB; the mean of the ratios' square roots, so that a rare loud grain doesn't hide the others.
    """
    size, hop = 256, 128
    hertz = np.arange(size // 2 + 1) * rate / size
    edges = np.arange(bark(1000), bark(16000), 1.0)
    share = (np.digitize(bark(hertz), edges)[:, None] == np.arange(1, len(edges))).astype(float)
    window = np.hanning(size)
    starts = np.arange(0, len(reference) - size, hop)[:, None] + np.arange(size)
    energy = lambda x: np.abs(np.fft.rfft(x[starts].astype(np.float64) * window)) ** 2 @ share
    mask, noise = energy(reference) + 1e-7, energy(reference - decoded)
    for grain in range(1, len(mask)):
        mask[grain] = np.maximum(mask[grain], 0.7 * mask[grain - 1])
    for grain in range(len(mask) - 1, 0, -1):
        mask[grain - 1] = np.maximum(mask[grain - 1], 0.1 * mask[grain])
    return float(20 * np.log10(np.mean(np.sqrt(noise / mask * 4)) + 1e-9))


def measure(reference, decoded, rate):
    """All measures of a clip, by name."""
    reference, decoded = align(reference, decoded)
    ear = ear_at(rate)
    channels = range(reference.shape[1])
    ratios = [ear.noise_to_mask(reference[:, c], decoded[:, c]) for c in channels]
    frames = np.concatenate([r.mean(1) for r in ratios])
    bands = np.concatenate(ratios)
    return dict(
        snr=segmental_snr(reference, decoded),
        nmr=10 * np.log10(max(frames.mean(), 1e-9)),
        frame_nmr=float(np.mean(10 * np.log10(np.maximum(frames, 1e-9)))),
        attack=float(np.mean([attack_ratio(reference[:, c], decoded[:, c], rate) for c in channels])),
        disturbed=float(np.mean(bands.max(1) > 10**0.15)),
        audible=float(np.mean(bands > 10**0.15)),
    )
