//! Long sound takes no more memory than short.
//!
//! Alone in its file: it reads the memory of the whole process, and tests of one file share theirs.
#![allow(clippy::unwrap_used)]

use reelwright_codec_native::aac::{Encoder, Packet, Rate, Settings};
use reelwright_media::ChannelLayout;

/// Of the whole process, in kilobytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
}

/// Ten minutes of sound, or as many hours as `REELWRIGHT_HOURS` says.
#[test]
fn long_sound_takes_no_more_memory_than_short() {
    let hours = std::env::var("REELWRIGHT_HOURS").ok().map(|hours| hours.parse::<u64>().unwrap());
    let rounds = hours.map_or(60, |hours| hours * 360);
    let settings = Settings::new(16_000, ChannelLayout::stereo(), Rate::Constant(48_000));
    let mut encoder = Encoder::new(settings).unwrap();
    // A tone with a click in the middle, that long and short blocks both come up.
    let mut plane: Vec<f32> = (0..160_000).map(|n| 0.3 * (n as f32 * 0.13).sin()).collect();
    plane[80_000] += 0.5;
    let (mut packets, mut bytes, mut padding) = (0u64, 0u64, 0);
    let mut count = |packet: Packet| {
        assert_eq!(packet.position, packets * 1024);
        packets += 1;
        bytes += packet.data.len() as u64;
        padding = packet.padding;
    };
    let mut first = None;
    for _ in 0..rounds {
        encoder.encode(&[&plane, &plane], &mut count).unwrap();
        first = first.or_else(resident);
    }
    encoder.finish(&mut count).unwrap();
    assert_eq!(packets * 1024 - 1024 - u64::from(padding), rounds * 160_000);
    let rate = bytes as f64 * 8.0 / (rounds * 10) as f64;
    assert!((rate / 48_000.0 - 1.0).abs() < 0.001, "{rate}");
    if let (Some(first), Some(last)) = (first, resident()) {
        eprintln!("{first} kB after ten seconds, {last} kB after {} s", rounds * 10);
        assert!(last < first + 1000);
    }
}
