//! Sound whose index counts frames, on its way into a file that counts them, too: samples must be whole frames, and in
//! QuickTime must not pause.

use reelwright_media::{
    AudioCodec, AudioFormat, BoxFamily, FormatDescription, Payload, Piece, Rounding, SampleBuffer, Time,
    Timescale,
};

use crate::Loss;

/// Makes samples of one track whole, and remembers what that cost.
#[derive(Debug, Default)]
pub(crate) struct WholeFrames {
    /// Where the last sample ended.
    end: Option<Time>,
    /// Samples that were no whole number of frames, and when the first of them would be heard.
    odd: Option<(u64, Time)>,
    /// When the first pause that was filled begins, and how many there were.
    pauses: Option<(u64, Time)>,
}

impl WholeFrames {
    /// The sample without what is less than a frame; `None` where that is all of it.
    pub(crate) fn take(&mut self, mut sample: SampleBuffer) -> Option<SampleBuffer> {
        let Some(frame) = counted(&sample.format).map(|audio| u64::from(audio.bytes_per_packet)) else {
            return Some(sample);
        };
        let len = sample.payload.len();
        let whole = len / frame * frame;
        if whole < len || len == 0 {
            let (count, from) = self.odd.unwrap_or((0, sample.pts));
            self.odd = Some((count + 1, from));
            sample.payload = shortened(&sample.payload, whole);
        }
        (whole > 0).then_some(sample)
    }

    /// The silence that must go in front of `sample`, where the track pauses and its file couldn't say so.
    pub(crate) fn pause_before(&mut self, sample: &SampleBuffer) -> Option<SampleBuffer> {
        let audio = counted(&sample.format)?;
        // The one codec here of such files whose silence is all zeros.
        let is_counted = audio.codec == AudioCodec::Ima4
            && audio.frames_per_packet > 1
            && audio.entry.as_ref().is_some_and(|entry| entry.family == BoxFamily::QuickTime);
        let end = self.end.replace(sample.dts.saturating_add(sample.duration)).filter(|_| is_counted)?;
        let rate = Timescale::new(audio.sample_rate)?;
        let frames = sample.dts.saturating_sub(end).ticks_in(rate, Rounding::Nearest)?;
        let packets = u64::try_from(frames).ok()? / u64::from(audio.frames_per_packet);
        if packets == 0 || packets.saturating_mul(audio.bytes_per_packet.into()) > LONGEST {
            return None;
        }
        let (count, from) = self.pauses.unwrap_or((0, end));
        self.pauses = Some((count + 1, from));
        let payload = Payload::from(Piece::Zeros(packets * u64::from(audio.bytes_per_packet)));
        let duration = sample.dts.saturating_sub(end);
        Some(SampleBuffer { payload, dts: end, pts: end, duration, ..sample.clone() })
    }

    /// What was lost of the track; `shift` brings its times onto the output's timeline.
    pub(crate) fn loss(&self, shift: Time) -> Option<Loss> {
        let (cause, (samples, from)) = match (self.odd, self.pauses) {
            (Some(odd), _) => ("they are no whole number of frames", odd),
            (None, pauses) => ("the input lacks sound, which is silent in the copy", pauses?),
        };
        Some(Loss { samples, left_out: samples, from: from.saturating_add(shift), cause: cause.to_owned() })
    }
}

/// A pause of more than this is no chunk that went missing.
const LONGEST: u64 = 16 << 20;

/// The format of sound whose frames are all of one size.
fn counted(format: &FormatDescription) -> Option<&AudioFormat> {
    format.as_audio().filter(|audio| audio.bytes_per_packet > 0)
}

/// The first `len` bytes.
fn shortened(payload: &Payload, len: u64) -> Payload {
    let mut left = len;
    let pieces = payload.pieces().iter().map_while(|piece| {
        let count = piece.len().min(left);
        left -= count;
        (count > 0).then(|| match piece {
            Piece::Bytes(bytes) => Piece::Bytes(bytes.slice(..usize::try_from(count).unwrap_or(bytes.len()))),
            Piece::Range { source, offset, .. } => {
                Piece::Range { source: source.clone(), offset: *offset, len: count }
            }
            Piece::Zeros(_) => Piece::Zeros(count),
        })
    });
    Payload::rope(pieces.collect::<Vec<_>>())
}
