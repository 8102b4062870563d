//! Everything that is read from elementary streams; the first byte chooses the parser.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reelwright_bitstream::{
    aac, ac3, alac, annex_b_to_length_prefixed, annex_b_units, av1, escape, flac, h264, hevc, jpeg,
    length_prefixed_to_annex_b, length_prefixed_units, mpeg_audio, mpeg_video, opus, prores, sei_messages,
    unescape, vp9,
};
use reelwright_fuzz::bounded;
use reelwright_media::Color;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, body)) = data.split_first() else { return };
    let parse = [
        h264_units, h264_config, hevc_units, hevc_config, av1_units, vp9_frames, aac_packets, latm, dolby,
        opus_packets, lossless, mpeg, framing,
    ];
    bounded(body, |bytes| parse[usize::from(choice) % parse.len()](&bytes));
});

fn h264_units(stream: &[u8]) {
    let (mut sets, mut pictures) = (Vec::new(), Vec::new());
    for unit in annex_b_units(stream) {
        if let Ok(sps) = h264::Sps::parse(unit) {
            let _ = (sps.color(), sps.frame_rate(), sps.sample_aspect());
            let _ = (sps.max_reorder_frames(), sps.max_dpb_frames());
            let recolored = h264::with_color(unit, Color::BT709).expect("what can be read can be written");
            assert_eq!(h264::Sps::parse(&recolored).map(|new| new.coded_size).ok(), Some(sps.coded_size));
            sets.push(sps);
        }
        pictures.extend(h264::Pps::parse(unit));
        let _ = (h264::SliceHeader::pps_id(unit), h264::SliceHeader::slice_kind(unit));
        for (sps, pps) in sets.iter().take(4).zip(&pictures) {
            let _ = h264::SliceHeader::parse(unit, sps, pps);
        }
        let _ = h264::recovery_point(unit);
    }
    let _ = h264::access_unit(annex_b_units(stream));
    let _ = h264::AvcConfig::from_units(annex_b_units(stream)).map(|config| config.to_bytes());
}

fn h264_config(body: &[u8]) {
    if let Ok(config) = h264::AvcConfig::parse(body) {
        let _ = config.first_sps();
        if let Ok(bytes) = config.to_bytes() {
            let again = h264::AvcConfig::parse(&bytes).expect("what was written can be read");
            // Extensions are written where the profile says that they can be there.
            assert_eq!((config.sps, config.pps), (again.sps, again.pps));
        }
    }
}

fn hevc_units(stream: &[u8]) {
    for unit in annex_b_units(stream) {
        let _ = (hevc::Vps::parse(unit), hevc::Pps::parse(unit), hevc::temporal_id(unit));
        if let Ok(sps) = hevc::Sps::parse(unit) {
            let _ = (sps.color(), sps.frame_rate(), sps.sample_aspect());
            if let Ok(recolored) = hevc::with_color(unit, Color::BT709) {
                let again = hevc::Sps::parse(&recolored).expect("what was written can be read");
                assert_eq!(again.bit_depth, sps.bit_depth);
            }
        }
        for message in sei_messages(unit.get(2..).unwrap_or_default()) {
            reelwright_bitstream::LightFacts::default().note(message);
        }
    }
    let _ = hevc::access_unit(annex_b_units(stream));
    let _ = hevc::HevcConfig::from_units(annex_b_units(stream), true).map(|config| config.to_bytes());
}

fn hevc_config(body: &[u8]) {
    if let Ok(config) = hevc::HevcConfig::parse(body) {
        let _ = config.first_sps();
        if let Ok(bytes) = config.to_bytes() {
            let again = hevc::HevcConfig::parse(&bytes).expect("what was written can be read");
            assert_eq!(config.units().count(), again.units().count());
        }
    }
}

fn av1_units(unit: &[u8]) {
    let _ = (av1::Av1Config::parse(unit), av1::is_key(unit), av1::light(unit));
    let _ = av1::obus(unit).count();
    let _ = av1::sample(bytes::Bytes::copy_from_slice(unit));
    if let Ok((header, _)) = av1::SequenceHeader::find(unit) {
        let config = header.to_config(unit);
        let _ = av1::Av1Config::parse(&config.bytes).expect("what was written can be read");
    }
}

fn vp9_frames(sample: &[u8]) {
    let _ = vp9::vp8_key_frame(sample);
    assert!(vp9::frames(sample).map(<[u8]>::len).sum::<usize>() <= sample.len());
    if let Ok(header) = vp9::FrameHeader::parse(sample) {
        let _ = format!("{header:?}");
    }
    if let Ok(config) = vp9::VpConfig::parse(sample) {
        let again = vp9::VpConfig::parse(&config.to_config().bytes).expect("what was written can be read");
        assert_eq!(again.bit_depth, config.bit_depth);
    }
}

fn aac_packets(bytes: &[u8]) {
    if let Ok(config) = aac::AudioSpecificConfig::parse(bytes) {
        let _ = (config.output_sample_rate(), config.output_frame_length(), config.layout());
        let _ = config.to_bytes();
        let _ = aac::AdtsHeader::write(&config, bytes.len());
    }
    if let Ok(header) = aac::AdtsHeader::parse(bytes) {
        let _ = header.config(bytes);
    }
}

fn latm(bytes: &[u8]) {
    let mut reader = aac::LatmReader::new();
    let mut rest = bytes;
    while let Some(length) = aac::loas_frame(rest) {
        let end = length.clamp(3, rest.len().max(3)).min(rest.len());
        let _ = reader.read(rest.get(3..end).unwrap_or_default());
        rest = &rest[end..];
    }
    let _ = aac::LatmReader::new().read(bytes);
}

fn dolby(bytes: &[u8]) {
    let frames: Vec<_> = ac3::sync_frames(bytes).map(|(frame, _)| frame).collect();
    let _ = (ac3::dec3(&frames), ac3::config(bytes));
    if let Some(frame) = frames.first() {
        let _ = (frame.dac3(), frame.layout());
    }
    let _ = (ac3::Ac3Config::parse_dac3(bytes), ac3::Ac3Config::parse_dec3(bytes));
}

fn opus_packets(bytes: &[u8]) {
    let _ = opus::packet_samples(bytes);
    for config in [opus::OpusConfig::parse_head(bytes), opus::OpusConfig::parse_dops(bytes)].into_iter().flatten() {
        let _ = config.layout();
        let again = opus::OpusConfig::parse_head(&config.to_head()).expect("what was written can be read");
        assert_eq!(again, config);
    }
}

fn lossless(bytes: &[u8]) {
    let _ = (flac::StreamInfo::parse(bytes), flac::StreamInfo::find(bytes), flac::crc16(0, bytes));
    if let Ok(header) = flac::FrameHeader::parse(bytes) {
        let _ = header.first_sample(4096);
        if let Some(info) = flac::StreamInfo::of_frame(&header, 48_000) {
            assert_eq!(flac::StreamInfo::parse(&info.to_bytes()).ok(), Some(info));
        }
    }
    let _ = alac::partial_frames(bytes);
    if let Ok(config) = alac::AlacConfig::parse(alac::AlacConfig::strip(bytes)) {
        let again = alac::AlacConfig::parse(&config.to_bytes()).expect("what was written can be read");
        assert_eq!(again, config);
    }
}

fn mpeg(bytes: &[u8]) {
    let _ = (mpeg_audio::MpegAudioHeader::parse(bytes), mpeg_audio::EncoderNote::find(bytes));
    let _ = (mpeg_video::SequenceHeader::parse_mpeg2(bytes), mpeg_video::SequenceHeader::parse_mpeg4(bytes));
    let _ = (mpeg_video::mpeg2_picture(bytes), mpeg_video::mpeg4_picture(bytes));
    let _ = (prores::FrameHeader::parse(bytes), jpeg::range(bytes));
}

fn framing(bytes: &[u8]) {
    let sample = annex_b_to_length_prefixed(bytes);
    assert!(length_prefixed_units(&sample, 4).all(|unit| unit.is_ok()));
    for size in 0..5 {
        let _ = length_prefixed_to_annex_b(bytes, size);
    }
    let escaped = escape(bytes);
    assert_eq!(&unescape(&escaped)[..], bytes);
    let _ = sei_messages(bytes).count();
}
