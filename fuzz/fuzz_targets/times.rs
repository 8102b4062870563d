//! Times, rates, sizes and the like as they are written on the command line.
#![no_main]
// The parsers belong to the program, which uses all of them.
#![allow(dead_code)]

#[path = "../../crates/cli/src/values.rs"]
mod values;

use libfuzzer_sys::fuzz_target;
use reelwright_media::Ratio;

fuzz_target!(|text: &str| {
    if let Ok(position) = values::position(text) {
        let _ = position.at(Ratio { num: 30_000, den: 1001 });
    }
    let _ = (values::bit_rate(text), values::size(text), values::frame_rate(text), values::quality(text));
    let _ = (values::key_value(text), values::codec(text), values::preset(text));
});
