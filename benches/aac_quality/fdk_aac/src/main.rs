//! Encodes interleaved 32-bit float PCM from standard input to ADTS on standard output by the Fraunhofer FDK AAC encoder:
//! AAC LC, constant rate, the afterburner on.
//!
//! `fdk_aac SAMPLE_RATE CHANNELS BITS_PER_SECOND < in.f32 > out.aac`
//!
//! Only for `compare.py`. The library is C, so all of this is `unsafe`; it is no part of Reelwright and never linked into it.

use std::ffi::c_void;
use std::io::{Read, Write};
use std::ptr;

use fdk_aac_sys::*;

/// `IN_AUDIO_DATA` and `OUT_BITSTREAM_DATA` of aacenc_lib.h.
const AUDIO: i32 = 0;
const BITSTREAM: i32 = 3;
/// The greatest ADTS frame.
const FRAME: usize = 8192;

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|text| text.parse().expect("a number")).collect();
    let [rate, channels, bits] = numbers[..] else { panic!("SAMPLE_RATE CHANNELS BITS_PER_SECOND are wanted") };
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).expect("standard input");
    let mut pcm: Vec<i16> = bytes.as_chunks().0.iter().map(|four| round(f32::from_le_bytes(*four))).collect();
    let encoder = open(rate, channels, bits);
    let mut out = std::io::stdout().lock();
    let mut rest = &mut pcm[..];
    loop {
        let take = rest.len().min(1024 * channels as usize);
        let Some((taken, frame)) = encode(encoder, &mut rest[..take]) else { break };
        rest = &mut rest[taken..];
        out.write_all(&frame).expect("standard output");
    }
}

fn round(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

fn check(code: AACENC_ERROR, what: &str) {
    assert_eq!(code, AACENC_ERROR_AACENC_OK, "{what}");
}

fn open(rate: u32, channels: u32, bits: u32) -> HANDLE_AACENCODER {
    let mut encoder: HANDLE_AACENCODER = ptr::null_mut();
    // SAFETY: the handle is written before it is used, and never closed: the process ends with it.
    unsafe {
        check(aacEncOpen(&mut encoder, 0, channels), "open");
        for (parameter, value) in [
            (AACENC_PARAM_AACENC_AOT, 2), // LC
            (AACENC_PARAM_AACENC_SAMPLERATE, rate),
            (AACENC_PARAM_AACENC_CHANNELMODE, channels),
            (AACENC_PARAM_AACENC_CHANNELORDER, 1), // as in WAVE files
            (AACENC_PARAM_AACENC_BITRATE, bits),
            (AACENC_PARAM_AACENC_TRANSMUX, 2), // ADTS
            (AACENC_PARAM_AACENC_AFTERBURNER, 1),
        ] {
            check(aacEncoder_SetParam(encoder, parameter, value), "a parameter");
        }
        check(aacEncEncode(encoder, ptr::null(), ptr::null(), ptr::null(), ptr::null_mut()), "the settings");
    }
    encoder
}

/// Feeds samples, or none at the end; gives how many were taken and the frame that came out, if any. `None` when all is out.
fn encode(encoder: HANDLE_AACENCODER, samples: &mut [i16]) -> Option<(usize, Vec<u8>)> {
    let mut frame = vec![0u8; FRAME];
    let (mut input, mut input_kind) = (samples.as_mut_ptr().cast::<c_void>(), AUDIO);
    let (mut input_size, mut input_width) = (size_of_val(samples) as i32, 2);
    let (mut output, mut output_kind) = (frame.as_mut_ptr().cast::<c_void>(), BITSTREAM);
    let (mut output_size, mut output_width) = (FRAME as i32, 1);
    let source = AACENC_BufDesc {
        numBufs: 1,
        bufs: &mut input,
        bufferIdentifiers: &mut input_kind,
        bufSizes: &mut input_size,
        bufElSizes: &mut input_width,
    };
    let sink = AACENC_BufDesc {
        numBufs: 1,
        bufs: &mut output,
        bufferIdentifiers: &mut output_kind,
        bufSizes: &mut output_size,
        bufElSizes: &mut output_width,
    };
    // -1 says that there is no more to come.
    let count = if samples.is_empty() { -1 } else { samples.len() as i32 };
    let arguments = AACENC_InArgs { numInSamples: count, numAncBytes: 0 };
    let mut done = AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
    // SAFETY: all pointers are to locals or the slices they are made of, with their sizes, and outlive the call.
    let code = unsafe { aacEncEncode(encoder, &source, &sink, &arguments, &mut done) };
    if code == AACENC_ERROR_AACENC_ENCODE_EOF {
        return None;
    }
    check(code, "encoding");
    frame.truncate(done.numOutBytes as usize);
    Some((done.numInSamples as usize, frame))
}
