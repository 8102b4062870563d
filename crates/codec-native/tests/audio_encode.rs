//! What the audio encoders of the registry make comes back: frame for frame, at the right time.
#![allow(clippy::unwrap_used)]

use reelwright_codec::{AudioEncoderSettings, AudioRate, EncoderSpecification, Registry};
use reelwright_media::{AudioBuffer, AudioCodec, ChannelLayout, ErrorKind, Time, Timescale};

const RATE: u32 = 48_000;

fn tone(frames: usize) -> Vec<Vec<f32>> {
    let wave = |hertz: f32| {
        let step = std::f32::consts::TAU * hertz / RATE as f32;
        (0..frames).map(|index| 0.5 * (step * index as f32).sin()).collect()
    };
    vec![wave(440.0), wave(997.0)]
}

fn settings(codec: AudioCodec) -> AudioEncoderSettings {
    AudioEncoderSettings::new(codec, RATE, ChannelLayout::stereo()).rate(AudioRate::Average(160_000))
}

/// Encodes in uneven blocks, decodes, trims as the samples say; gives what remains.
fn there_and_back(codec: AudioCodec, planes: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let any = EncoderSpecification::default();
    let (_, mut encoder) = registry.audio_encoder(&settings(codec), &any).unwrap();
    let (_, mut decoder) = registry.audio_decoder(encoder.format()).unwrap();
    let scale = Timescale::or_one(RATE);
    let mut samples = Vec::new();
    let mut keep = |sample| {
        samples.push(sample);
        Ok(())
    };
    let mut at = 0;
    for length in [1, 999, 1024, 5000].into_iter().cycle() {
        let end = planes[0].len().min(at + length);
        let block = planes.iter().map(|plane| plane[at..end].to_vec()).collect();
        let pts = Time::new(at as i64, scale);
        encoder.encode(&AudioBuffer::new(scale, ChannelLayout::stereo(), pts, block), &mut keep).unwrap();
        at = end;
        if at == planes[0].len() {
            break;
        }
    }
    encoder.finish(&mut keep).unwrap();
    assert_eq!(samples[0].trim.start.map_or(0, Time::value), i64::from(encoder.priming()));

    let mut out = vec![Vec::new(); 2];
    let mut position = Time::new(0, scale);
    for sample in &samples {
        assert_eq!((sample.pts, sample.dts), (position, position));
        position = position.saturating_add(sample.duration);
        let trim = sample.trim;
        decoder
            .decode(sample, &mut |mut audio| {
                let frames = |time: Option<Time>| time.map_or(0, |time| time.value() as usize);
                audio.truncate(audio.frames() - frames(trim.end));
                audio.trim_start(frames(trim.start));
                out.iter_mut().zip(audio.planes()).for_each(|(all, plane)| all.extend(plane));
                Ok(())
            })
            .unwrap();
    }
    out
}

#[test]
fn every_frame_comes_back_in_its_place() {
    let planes = tone(20_011);
    for (codec, least) in [(AudioCodec::Lpcm, 85.0), (AudioCodec::Aac, 25.0)] {
        let back = there_and_back(codec, &planes);
        assert_eq!(back[0].len(), planes[0].len(), "{codec:?}");
        for (ours, original) in back.iter().zip(&planes) {
            let power: f32 = original.iter().map(|value| value * value).sum();
            let error: f32 = ours.iter().zip(original).map(|(a, b)| (a - b).powi(2)).sum();
            let ratio = 10.0 * (power / error).log10();
            assert!(ratio > least, "{codec:?}: {ratio:.1} dB");
        }
    }
}

#[test]
fn misuse_is_an_error() {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let any = EncoderSpecification::default();
    let make = |settings: &AudioEncoderSettings| registry.audio_encoder(settings, &any).err().unwrap().kind();
    let aac = settings(AudioCodec::Aac);
    assert_eq!(make(&aac.clone().sample_rate(47_999)), ErrorKind::Unsupported);
    let options = vec![("bandwidth".into(), "wide".into())];
    assert_eq!(make(&aac.options(options)), ErrorKind::Misuse);
    let pcm = settings(AudioCodec::Lpcm).pcm(None);
    assert_eq!(make(&pcm), ErrorKind::Misuse);
}
