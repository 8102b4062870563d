//! Says which encoder would make H.264 and HEVC under several demands, and why: `cargo run --example choose_encoder`

use reelwright::codec::{Codec, EncoderSpecification, HardwareUse, Licence};
use reelwright::media::{Size, VideoCodec};

fn main() {
    print!("{}", run());
}

pub(crate) fn run() -> String {
    // Everything this build has; `registry()` is the permissive part of it.
    let registry = reelwright::all_codecs();
    let any = EncoderSpecification::new();
    let mut text = String::new();
    for codec in [VideoCodec::H264, VideoCodec::Hevc] {
        for demand in [
            any.clone(),
            any.clone().licence(Licence::Permissive),
            any.clone().reordering(true),
            any.clone().hardware(HardwareUse::Require),
            any.clone().size(Size::new(7680, 4320)),
            any.clone().real_time(true),
        ] {
            text += &match registry.select(Codec::Video(codec), &demand) {
                Ok(choice) => format!("{codec}, {demand}: {choice}\n"),
                Err(error) => format!("{codec}, {demand}: {}\n", error.message()),
            };
        }
    }
    text
}
