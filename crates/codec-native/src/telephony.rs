//! Decoding of µ-law, A-law (ITU-T G.711) and IMA 4:1 ADPCM as QuickTime stores it.

use reelwright_codec::{AudioDecoder, Codec, DecoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, Error, ErrorKind, FormatDescription, Result, SampleBuffer, Timescale,
};

use crate::pcm::wave_layout;

/// Ids in the registry, names, and what they decode.
const CODECS: [(&str, &str, AudioCodec); 3] = [
    ("ulaw", "µ-law decoder", AudioCodec::Ulaw),
    ("alaw", "A-law decoder", AudioCodec::Alaw),
    ("ima4", "IMA ADPCM decoder", AudioCodec::Ima4),
];

/// Bytes of one channel's block of IMA 4:1: two of state, 64 samples of four bits.
const IMA_BLOCK: usize = 34;

/// The registry's rows.
pub(crate) fn infos(provider: &'static str) -> impl Iterator<Item = DecoderInfo> {
    CODECS.into_iter().map(move |(id, name, codec)| DecoderInfo::new(id, name, provider, Codec::Audio(codec)))
}

/// Whether the decoder with this id is one of these.
pub(crate) fn has(id: &str) -> bool {
    CODECS.iter().any(|(known, ..)| *known == id)
}

/// A decoder of one of the codecs above.
pub(crate) struct Telephony {
    codec: AudioCodec,
    rate: Timescale,
    channels: usize,
    /// Predictor and step index by channel: blocks of IMA 4:1 go on from each other.
    states: Vec<ImaState>,
}

#[derive(Clone, Copy, Default)]
struct ImaState {
    predictor: i32,
    step: usize,
}

impl Telephony {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] for formats without channels or a sample rate.
    pub(crate) fn new(format: &FormatDescription) -> Result<Self> {
        let audio = format.audio()?;
        let rate = Timescale::new(audio.sample_rate).filter(|_| audio.channels > 0);
        let rate = rate.ok_or_else(|| Error::malformed("a sound format without channels or sample rate"))?;
        let channels = usize::from(audio.channels);
        Ok(Self { codec: audio.codec, rate, channels, states: vec![ImaState::default(); channels] })
    }
}

impl AudioDecoder for Telephony {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        let bytes = sample.payload.load()?;
        let unit = self.channels * if self.codec == AudioCodec::Ima4 { IMA_BLOCK } else { 1 };
        if !bytes.len().is_multiple_of(unit) {
            let message = format!("{} bytes are no whole number of {unit}-byte packets", bytes.len());
            return Err(Error::new(ErrorKind::Decode, message).at_time(sample.pts));
        }
        let mut planes = vec![Vec::new(); self.channels];
        for packet in bytes.chunks_exact(unit) {
            for (channel, plane) in planes.iter_mut().enumerate() {
                match self.codec {
                    AudioCodec::Ulaw => plane.push(f32::from(ulaw(packet[channel])) / 32_768.0),
                    AudioCodec::Alaw => plane.push(f32::from(alaw(packet[channel])) / 32_768.0),
                    _ => ima(&packet[channel * IMA_BLOCK..][..IMA_BLOCK], &mut self.states[channel], plane),
                }
            }
        }
        out(AudioBuffer::new(self.rate, wave_layout(self.channels), sample.pts, planes))
    }

    fn finish(&mut self, _: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        self.states.fill(ImaState::default());
        Ok(())
    }
}

/// One µ-law code as 16-bit PCM: sign, three bits of exponent, four of mantissa, all inverted, biased by 33.
fn ulaw(code: u8) -> i16 {
    let code = !code;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 15));
    let magnitude = ((mantissa << 3 | 0x84) << exponent) - 0x84;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

/// One A-law code as 16-bit PCM: every other bit inverted, sign, three bits of exponent, four of mantissa.
fn alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 15) << 4 | 8);
    let magnitude = if exponent == 0 { mantissa } else { (mantissa | 0x100) << (exponent - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// The step sizes of IMA ADPCM (IMA Digital Audio Focus and Technical Working Groups, 1992).
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88,
    97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658,
    724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660,
    4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818,
    18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

/// One block of one channel: the upper nine bits of the predictor, seven of the step index, then 64 codes, the low
/// half of each byte first.
fn ima(block: &[u8], state: &mut ImaState, plane: &mut Vec<f32>) {
    let [high, low, codes @ ..] = block else { return };
    let header = i16::from_be_bytes([*high, *low]);
    let predictor = i32::from(header & !0x7F);
    state.step = usize::from(low & 0x7F).min(STEPS.len() - 1);
    // The header rounds the predictor; where it only repeats what the last block ended with, that is more exact.
    if (predictor - state.predictor).abs() > 0x7F {
        state.predictor = predictor;
    }
    for byte in codes {
        for code in [byte & 15, byte >> 4] {
            let step = STEPS[state.step];
            let mut difference = step >> 3;
            for (bit, part) in [(4, step), (2, step >> 1), (1, step >> 2)] {
                difference += if code & bit != 0 { part } else { 0 };
            }
            let signed = if code & 8 != 0 { -difference } else { difference };
            state.predictor = (state.predictor + signed).clamp(-32_768, 32_767);
            let change = [-1isize, -1, -1, -1, 2, 4, 6, 8][usize::from(code & 7)];
            state.step = state.step.saturating_add_signed(change).min(STEPS.len() - 1);
            plane.push(state.predictor as f32 / 32_768.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companded_codes_have_their_tabled_values() {
        // ITU-T G.711, tables 1a to 2b, scaled to 16 bits.
        assert_eq!([0xFF, 0x7F, 0x80, 0x00, 0xEF].map(ulaw), [0, 0, 32_124, -32_124, 132]);
        assert_eq!([0xD5, 0x55, 0xAA, 0x2A].map(alaw), [8, -8, 32_256, -32_256]);
    }
}
