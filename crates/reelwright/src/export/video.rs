use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use reelwright_codec::{Converter, Registry};
use reelwright_media::{
    CancelToken, Error, ErrorKind, PixelBuffer, PixelFormat, PixelLayout, PixelPool, Result, Size, Stage,
    TimeRange, VideoFrame,
};
use reelwright_process::{Workers, turn};

use super::VideoPlan;
use super::effort::Effort;
use super::letterbox::letterboxed;
use super::pace::{Paced, Pacer};
use super::progress::Meter;
use super::report::{Counts, Loss};
use crate::reader::FrameReader;
use crate::trace::stage;
use crate::{Asset, Input};

/// One video track on its way through decode, process and encode: a thread each, bounded queues between.
pub(super) struct VideoJob<'a> {
    pub(super) asset: &'a Asset,
    pub(super) track: u32,
    pub(super) plan: &'a VideoPlan,
    /// The layout the encoder takes.
    pub(super) format: PixelFormat,
    pub(super) range: TimeRange,
    pub(super) registry: &'a Registry,
    pub(super) threads: usize,
    pub(super) budget: u64,
    pub(super) stop: CancelToken,
    pub(super) meter: &'a Meter,
}

/// What the job did.
pub(super) struct VideoDone {
    pub(super) counts: Counts,
    pub(super) decoder: Option<String>,
    /// What couldn't be decoded of which track.
    pub(super) damaged: Option<(u32, Loss)>,
}

/// What came of reading a track.
struct Decoded {
    read: u64,
    decoded: u64,
    decoder: Option<String>,
    damaged: Option<Loss>,
}

impl VideoJob<'_> {
    /// Runs to the end of the track and finishes `input`.
    pub(super) fn run(&self, input: Input) -> Result<VideoDone> {
        let (decoded, to_process) = sync_channel(self.decoded_depth());
        let (processed, to_encode) = sync_channel(self.processed_depth());
        thread::scope(|scope| {
            let converter = Arc::new(self.converter());
            let early = converter.clone();
            let decode = scope.spawn(|| self.decode(decoded, early));
            let process = scope.spawn(move || self.process(to_process, processed, &converter));
            let written = self.encode(to_encode, input);
            let (decoded, paced) = (join(decode.join()), join(process.join()));
            // The stage that failed first explains the others, which only saw their neighbour go.
            let (Decoded { read, decoded, decoder, damaged }, paced, written) = (decoded?, paced?, written?);
            let left_out = (decoded + paced).saturating_sub(written);
            let counts = Counts { read, decoded, written, repeated: paced, left_out };
            Ok(VideoDone { counts, decoder, damaged: damaged.map(|loss| (self.track, loss)) })
        })
    }

    /// Decoded pictures that wait to be processed: as many as stay in a cache, so that they are found there, and two
    /// where not even those do.
    fn decoded_depth(&self) -> usize {
        self.affordable(8 << 20, self.plan.source_size.area().saturating_mul(3))
    }

    /// Processed pictures that wait to be encoded. Encoders take them in bursts, a few at once when the kinds of the next
    /// ones are settled: with two in wait beside x264, the processor idles for about a hundredth more of an export.
    fn processed_depth(&self) -> usize {
        let picture = PixelPool::new(self.format, self.plan.settings.size).picture_bytes();
        self.affordable(16 << 20, u64::try_from(picture).unwrap_or(u64::MAX))
    }

    /// How many pictures of so many bytes a queue of at most `most` bytes holds, an eighth of the budget if that is less.
    fn affordable(&self, most: u64, picture: u64) -> usize {
        let held = |bytes: u64, least| usize::try_from(bytes / picture.max(1)).unwrap_or(8).clamp(least, 8);
        held(most, 2).min(held(self.budget / 8, 1))
    }

    fn decode(&self, out: SyncSender<VideoFrame>, early: Arc<Converter>) -> Result<Decoded> {
        stage!("decode", track = self.track);
        let (usual, target) = (self.plan.source_size, self.upright_size());
        let reader = FrameReader::new(self.asset, self.track, self.range, self.registry)?;
        let mut reader = reader
            .threads(self.threads)
            .memory_budget(usize::try_from(self.budget / 4).unwrap_or(usize::MAX))
            .early(Arc::new(move |pixels| {
                early.convert(&letterboxed(pixels, usual, target), Workers::new(1))
            }))
            .cancelled_by(self.stop.clone());
        while let Some(frame) = reader.next_frame()? {
            if out.send(frame).is_err() {
                break;
            }
        }
        let (read, decoded) = reader.counts();
        let damaged = match reader.damage() {
            Some(damage) => Some(Loss::of(damage, reader.lost())),
            None => reader.orphans().map(|(count, from)| Loss::of_orphans(count, from)),
        };
        Ok(Decoded { read, decoded, decoder: reader.decoder().map(str::to_owned), damaged })
    }

    /// Converts every picture; returns how many were repeated.
    fn process(
        &self,
        frames: Receiver<VideoFrame>,
        out: SyncSender<VideoFrame>,
        converter: &Converter,
    ) -> Result<u64> {
        let most = if self.threads == 0 { Workers::available() } else { Workers::new(self.threads) };
        let mut effort = Effort::up_to(most);
        let mut process = |frame: VideoFrame| -> Result<VideoFrame> {
            let begun = Instant::now();
            let boxed = letterboxed(frame.pixels.clone(), self.plan.source_size, self.upright_size());
            let pixels = converter.convert(&boxed, effort.workers()).and_then(|pixels| self.turn(pixels));
            effort.worked_since(begun);
            let pixels = pixels
                .map_err(|error| error.at_stage(Stage::Process).at_track(self.track).at_time(frame.pts))?;
            Ok(VideoFrame { pixels, ..frame })
        };
        let Some(rate) = self.plan.frame_rate else {
            for frame in frames {
                if out.send(process(frame)?).is_err() {
                    break;
                }
            }
            return Ok(0);
        };
        // Paced before they are converted: what is never shown need not be, what is repeated need be once.
        let (mut pacer, mut repeated) = (Pacer::new(rate), 0);
        // False where nobody listens any more; the encoder's thread explains why.
        let mut pass = |paced: Option<Paced>| -> Result<bool> {
            let Some(paced) = paced else { return Ok(true) };
            repeated += paced.repeated();
            Ok(paced.frames(&mut process)?.all(|frame| out.send(frame).is_ok()))
        };
        for frame in frames {
            if !pass(pacer.push(frame))? {
                return Ok(0);
            }
        }
        pass(pacer.finish())?;
        Ok(repeated)
    }

    /// The size pictures are made before they are turned, if they are.
    fn upright_size(&self) -> Size {
        let size = self.plan.settings.size;
        let quarter = self.plan.turn.is_some_and(|(rotation, _)| rotation.is_quarter());
        if quarter { size.turned() } else { size }
    }

    /// What pictures are made before they are turned, if they are: the encoder's layout and the size to come.
    fn converter(&self) -> Converter {
        let mut target = self.plan.settings.clone();
        if !self.plan.turn.is_some_and(|(rotation, _)| rotation.is_quarter()) {
            return Converter::new(self.format, &target).assuming(self.plan.assumed);
        }
        target.size = target.size.turned();
        Converter::new(turnable(self.format), &target).assuming(self.plan.assumed)
    }

    fn turn(&self, pixels: PixelBuffer) -> Result<PixelBuffer> {
        let Some((rotation, mirror)) = self.plan.turn else { return Ok(pixels) };
        let refused = || Error::new(ErrorKind::Bug, format!("{:?} can't be turned", pixels.format));
        turn(&pixels, rotation, mirror).ok_or_else(refused)
    }

    fn encode(&self, frames: Receiver<VideoFrame>, mut input: Input) -> Result<u64> {
        stage!("encode", track = self.track, encoder = self.plan.encoder.id);
        let (mut written, mut bytes) = (0, 0);
        for frame in frames {
            self.stop.check()?;
            let end = frame.pts.saturating_add(frame.duration.unwrap_or_default());
            input.append(frame)?;
            written += 1;
            let before = std::mem::replace(&mut bytes, input.bytes());
            self.meter.count(1, bytes - before, end);
        }
        // A stream that ended because an earlier stage failed must not pass for a whole one.
        self.stop.check()?;
        input.finish()?;
        Ok(written)
    }
}

/// The layout in which a picture for `format` is turned by a quarter: where chroma is halved across alone, one that has it
/// in full. The input makes the encoder's layout of it.
fn turnable(format: PixelFormat) -> PixelFormat {
    match format {
        PixelFormat::Yuv(PixelLayout::Yuv422, depth) => PixelFormat::Yuv(PixelLayout::Yuv444, depth),
        PixelFormat::Yuva(PixelLayout::Yuv422, depth) => PixelFormat::Yuva(PixelLayout::Yuv444, depth),
        format => format,
    }
}

/// A thread's result, its panic turned into an error.
pub(super) fn join<T>(result: thread::Result<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|_| Err(Error::new(ErrorKind::Bug, "a stage of the export panicked")))
}
