//! Samples made up for tests: 16-bit PCM with its QuickTime sample entry.

// Each test uses what it needs of this.
#![allow(dead_code)]

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bmff::Writer;
use reelwright_media::{
    AudioFormat, BoxFamily, FormatDescription, Payload, PcmFormat, SampleBuffer, SampleEntry, SampleFlags,
    Time, Timescale, Trim,
};

pub(crate) const RATE: u32 = 48_000;

/// Stereo, 16 bit, little-endian.
pub(crate) fn pcm_format() -> Arc<FormatDescription> {
    let mut w = Writer::new();
    w.write_box(b"sowt", |w| {
        w.zeros(6);
        w.u16(1);
        w.zeros(8);
        w.u16(2);
        w.u16(16);
        w.zeros(4);
        w.u32(RATE << 16);
    });
    let entry = SampleEntry { family: BoxFamily::QuickTime, bytes: w.into_bytes().into() };
    Arc::new(FormatDescription::Audio(AudioFormat {
        entry: Some(entry),
        ..AudioFormat::lpcm(PcmFormat::S16LE, RATE, 2)
    }))
}

pub(crate) fn frames(count: i64) -> Time {
    Time::new(count, Timescale::new(RATE).unwrap())
}

/// `count` frames from frame `start` on, each of the value `start` counts blocks with.
pub(crate) fn pcm(format: &Arc<FormatDescription>, start: i64, count: i64) -> SampleBuffer {
    let value = u8::try_from(start / 1024 % 251).unwrap();
    let bytes = vec![value; usize::try_from(count).unwrap() * 4];
    SampleBuffer {
        format: format.clone(),
        payload: Payload::from(Bytes::from(bytes)),
        dts: frames(start),
        pts: frames(start),
        duration: frames(count),
        flags: SampleFlags::SYNC,
        trim: Trim::default(),
    }
}
