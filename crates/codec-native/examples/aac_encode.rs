//! Encodes interleaved 32-bit float PCM from standard input to ADTS on standard output.
//!
//! `aac_encode SAMPLE_RATE CHANNELS BITS_PER_SECOND [average|constant|variable|rusty_aac] [noise] [sine] < in.f32 > out.aac`
//!
//! With `variable`, the number is the quality in percent; `noise` allows noise substitution, `sine` asks for sine windows.
//! `rusty_aac` is that crate's encoder, for comparison.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};

use reelwright_bitstream::aac::{AdtsHeader, AudioSpecificConfig};
use reelwright_codec_native::aac::{Encoder, Rate, Settings, Window};
use reelwright_media::ChannelLayout;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments[index].parse::<u32>().unwrap();
    let (rate, channels, bits) = (number(0), number(1) as u16, number(2));
    let mode = arguments.get(3).map_or("average", String::as_str);
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    let samples: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let packets = if mode == "rusty_aac" {
        peer(&samples, rate, channels, bits)
    } else {
        let rate_kind = match mode {
            "constant" => Rate::Constant(bits),
            "variable" => Rate::Variable(bits as f32 / 100.0),
            _ => Rate::Average(bits),
        };
        let mut settings = Settings::new(rate, ChannelLayout::default_for(channels).unwrap(), rate_kind);
        settings.noise_substitution = arguments.iter().any(|argument| argument == "noise");
        if arguments.iter().any(|argument| argument == "sine") {
            settings.window = Window::Sine;
        }
        ours(&samples, settings)
    };
    let config = AudioSpecificConfig::aac_lc(rate, channels).unwrap();
    let mut out = std::io::stdout().lock();
    for packet in packets {
        out.write_all(&AdtsHeader::write(&config, packet.len()).unwrap()).unwrap();
        out.write_all(&packet).unwrap();
    }
}

fn ours(samples: &[f32], settings: Settings) -> Vec<Vec<u8>> {
    let channels = settings.layout.count();
    let planes: Vec<Vec<f32>> =
        (0..channels).map(|c| samples.iter().skip(c).step_by(channels).copied().collect()).collect();
    let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    let mut encoder = Encoder::new(settings).unwrap();
    let mut packets = Vec::new();
    encoder.encode(&planes, &mut |packet| packets.push(packet.data)).unwrap();
    encoder.finish(&mut |packet| packets.push(packet.data)).unwrap();
    packets
}

fn peer(samples: &[f32], rate: u32, channels: u16, bits: u32) -> Vec<Vec<u8>> {
    let config = rusty_aac::AacEncoderConfig { bitrate_bps: bits, ..Default::default() };
    let mut encoder = rusty_aac::AacEncoder::new(config);
    encoder.push_pcm(samples, channels, rate).unwrap();
    encoder.finish();
    std::iter::from_fn(|| encoder.next_packet().ok().map(|packet| packet.data.clone())).collect()
}
