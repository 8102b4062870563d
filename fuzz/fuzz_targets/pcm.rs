//! The sound decoders written here: linear PCM in every layout, G.711, IMA 4:1.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use reelwright_fuzz::bounded;
use reelwright_media::{
    AudioCodec, AudioFormat, FormatDescription, FourCc, Payload, PcmFormat, SampleBuffer, SampleFlags, Time,
    Trim,
};

fuzz_target!(|data: &[u8]| {
    let [codec, layout, bits, channels, rest @ ..] = data else { return };
    bounded(rest, |bytes| {
        let channels = u16::from(*channels);
        let format = match codec % 4 {
            0 => AudioFormat::new(AudioCodec::Ulaw, FourCc(*b"ulaw"), 8000, channels),
            1 => AudioFormat::new(AudioCodec::Alaw, FourCc(*b"alaw"), 8000, channels),
            2 => AudioFormat::new(AudioCodec::Ima4, FourCc(*b"ima4"), 44_100, channels),
            _ => {
                let pcm = PcmFormat {
                    bits: *bits,
                    float: layout & 1 == 1,
                    big_endian: layout & 2 == 2,
                    ..PcmFormat::S16LE
                };
                AudioFormat::lpcm(pcm, 48_000, channels)
            }
        };
        let format = Arc::new(FormatDescription::Audio(format));
        let Ok((_, mut decoder)) = reelwright::registry().audio_decoder(&format) else { return };
        let sample = SampleBuffer {
            format,
            payload: Payload::from(bytes),
            dts: Time::ZERO,
            pts: Time::ZERO,
            duration: Time::from_secs(1),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        };
        let mut frames = 0;
        let _ = decoder.decode(&sample, &mut |buffer| {
            frames += buffer.frames();
            Ok(())
        });
        let _ = decoder.finish(&mut |_| Ok(()));
        assert!(frames <= rest.len() * 2 + 64, "{frames} frames of {} bytes", rest.len());
    });
});
