//! The AAC encoder: settings from the first bytes, samples from the others as 32-bit floats of any kind, fed in odd blocks.
//!
//! What comes out must be decodable, as long as what went in, within the decoder's buffer, and the same for other blocks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reelwright_codec_native::aac::{Encoder, Packet, Rate, Settings, Window};
use reelwright_media::{Channel, ChannelLayout, ErrorKind};

/// Frames fed at most.
const MOST: usize = 9000;

fuzz_target!(|data: &[u8]| {
    let Some((head, body)) = data.split_at_checked(12) else { return };
    let settings = settings(head);
    let Ok(encoder) = Encoder::new(settings.clone()) else { return };
    let samples: Vec<f32> =
        body.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    let planes =
        planes(&samples, settings.layout.count(), usize::from(u16::from_le_bytes([head[8], head[9]])));
    let odd = 1 + usize::from(head[10]) * 7;
    if planes.iter().flatten().any(|sample| !sample.is_finite()) {
        let mut encoder = encoder;
        let parts: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        let error = encoder.encode(&parts, &mut |_| panic!("a packet")).expect_err("no numbers");
        assert_eq!(error.kind(), ErrorKind::Encode);
        return;
    }
    let packets = encode(encoder, &planes, odd);
    check(&settings, &packets, planes[0].len());
    if head[11] & 0xF0 == 0 {
        let again = encode(Encoder::new(settings).expect("as before"), &planes, 4096);
        assert!(packets == again, "blocks of {odd} give other bytes");
    }
});

fn settings(head: &[u8]) -> Settings {
    use Channel::*;
    const RATES: [u32; 14] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
        1,
    ];
    let layout = match head[1] % 12 {
        count @ 1..=8 => {
            ChannelLayout::default_for(count.into()).unwrap_or_else(|| ChannelLayout::new([Lfe]))
        }
        9 => ChannelLayout::new([Left, Right, SideLeft, SideRight]),
        10 => ChannelLayout::new([Lfe, Left, Right]),
        11 => ChannelLayout::new([Left, Right, Center, Lfe, BackLeft, BackRight]),
        _ => ChannelLayout::new([]),
    };
    let number = u32::from_le_bytes([head[3], head[4], head[5], head[6]]);
    let rate = match head[2] % 6 {
        0 => Rate::Constant(number),
        1 => Rate::Average(number),
        2 => Rate::Variable(f32::from_bits(number)),
        3 => Rate::Constant(number % 1_000_000),
        4 => Rate::Average(number % 1_000_000),
        _ => Rate::Variable((number % 101) as f32 / 100.0),
    };
    let mut settings = Settings::new(RATES[usize::from(head[0]) % RATES.len()], layout, rate);
    let flags = head[7];
    settings.bandwidth = (flags & 1 != 0).then_some(number);
    settings.window = if flags & 2 != 0 { Window::Sine } else { Window::Kbd };
    settings.noise_substitution = flags & 4 != 0;
    settings
}

/// The samples again and again, each channel from another place on.
fn planes(samples: &[f32], channels: usize, frames: usize) -> Vec<Vec<f32>> {
    let frames = if samples.is_empty() { 0 } else { frames % MOST };
    let from = |channel: usize| samples.iter().cycle().skip(channel * 37 % samples.len().max(1));
    (0..channels).map(|channel| from(channel).take(frames).copied().collect()).collect()
}

fn encode(mut encoder: Encoder, planes: &[Vec<f32>], block: usize) -> Vec<Packet> {
    let mut packets = Vec::new();
    let frames = planes[0].len();
    for start in (0..frames).step_by(block) {
        let part: Vec<&[f32]> = planes.iter().map(|plane| &plane[start..frames.min(start + block)]).collect();
        encoder.encode(&part, &mut |packet| packets.push(packet)).expect("finite samples");
    }
    encoder.finish(&mut |packet| packets.push(packet)).expect("never fails");
    packets
}

fn check(settings: &Settings, packets: &[Packet], frames: usize) {
    let channels = settings.layout.count();
    let considered = channels - usize::from(settings.layout.position(Channel::Lfe).is_some());
    let wanted = if frames == 0 { 0 } else { frames.div_ceil(1024) + 1 };
    assert_eq!(packets.len(), wanted);
    let padding = packets.last().map_or(0, |packet| packet.padding as usize);
    assert_eq!(frames, (packets.len() * 1024).saturating_sub(1024 + padding));
    let encoder = Encoder::new(settings.clone()).expect("as before");
    let mut decoder =
        rusty_aac::AacDecoder::with_config_bytes(encoder.audio_specific_config()).expect("a configuration");
    for packet in packets {
        assert!(packet.data.len() * 8 <= 6144 * considered.max(1), "{} bytes", packet.data.len());
        let frame = decoder.decode(&packet.data, None).expect("a frame");
        assert_eq!(frame.samples.len(), 1024 * channels);
    }
}
