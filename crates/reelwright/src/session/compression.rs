use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use reelwright_codec::{
    Choice, Converter, EncoderInfo, EncoderSpecification, FrameOptions, Registry, VideoEncoder,
    VideoEncoderSettings, VideoRate, Workers,
};
use reelwright_media::{
    Error, FormatDescription, PixelFormat, PixelPool, Result, RisingTimes, SampleBuffer, Time, VideoFrame,
};

use super::pipeline::{Engine, Pipeline};
use super::{Accepted, Output};

/// Frames that may wait for the encoder.
const QUEUE: usize = 8;

/// Turns frames into samples on a thread of its own. `VTCompressionSession`.
///
/// Every accepted frame is answered once, through the callback given to [`Self::new`], with the token it came with.
/// Answers come in decode order, never two at a time, from the session's thread. Dropping the session discards what is
/// pending without an answer: [`Self::complete`] it first, or take the tokens back with [`Self::invalidate`].
pub struct CompressionSession<T: Send + 'static> {
    pipeline: Pipeline<Submission, T>,
    choice: Choice,
    format: Arc<FormatDescription>,
    pool: PixelPool,
    times: RisingTimes,
    /// A frame that was to be a key frame was dropped: the next one is to be one.
    key_frame_owed: bool,
    changes_rate: bool,
    /// The average rate from the next frame on, where it is another one.
    rate: Option<u32>,
    decode_times: DecodeTimes,
}

/// What the `dts` of a session's samples says where frames are reordered. Without reordering it is the `pts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DecodeTimes {
    /// When to decode so that every frame is there in time: never after it is shown. The default.
    #[default]
    Shifted,
    /// What VideoToolbox says, for code written for it: the n-th sample carries the time of the n-th frame, so that the
    /// first has its own and frames that others refer to are shown before their `dts`. Whoever stores them shifts.
    Raw,
}

struct Submission {
    frame: VideoFrame,
    options: FrameOptions,
    /// The frame's time in the encoder's timescale, by which its sample is found again.
    key: Time,
    /// The average rate from here on, where it changes.
    rate: Option<u32>,
    decode_times: DecodeTimes,
}

impl<T: Send + 'static> CompressionSession<T> {
    /// Selects one of the codecs of [`crate::registry`] and starts it.
    ///
    /// # Errors
    ///
    /// As [`Self::new_with`].
    pub fn new(
        settings: VideoEncoderSettings,
        specification: &EncoderSpecification,
        on_output: impl FnMut(Output<T, SampleBuffer>) + Send + 'static,
    ) -> Result<Self> {
        Self::new_with(&crate::registry(), settings, specification, on_output)
    }

    /// Selects one of these codecs and starts it.
    ///
    /// In real time ([`VideoEncoderSettings::real_time`]) frames that find the queue full are dropped; else
    /// [`Self::encode`] waits for room.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::NoCodec`] where no encoder meets `specification`, and the encoder's own.
    pub fn new_with(
        registry: &Registry,
        settings: VideoEncoderSettings,
        specification: &EncoderSpecification,
        on_output: impl FnMut(Output<T, SampleBuffer>) + Send + 'static,
    ) -> Result<Self> {
        let (choice, encoder) = registry.video_encoder(&settings, specification)?;
        crate::trace::note!("encoder", choice = choice);
        let format = encoder.format().clone();
        let pool = PixelPool::new(encoder.input_format(), settings.size).tagged(settings.color);
        let (timescale, real_time) = (settings.timescale, settings.real_time);
        let is_average = matches!(settings.rate, VideoRate::Average(_));
        let changes_rate = is_average && encoder.changes_rate();
        let again = EncoderSpecification::with_id(choice.encoder.id.clone());
        let engine = Compressor {
            converter: Converter::new(encoder.input_format(), &settings),
            workers: Workers::available(),
            encoder,
            registry: registry.clone(),
            settings,
            again,
            submitted: Vec::new(),
            order: VecDeque::new(),
            drained: false,
        };
        let pipeline = Pipeline::new("compression", QUEUE, real_time, engine, on_output)?;
        Ok(Self {
            pipeline,
            choice,
            format,
            pool,
            times: RisingTimes::new(timescale),
            key_frame_owed: false,
            changes_rate,
            rate: None,
            decode_times: DecodeTimes::default(),
        })
    }

    /// The encoder that was selected.
    pub fn encoder(&self) -> &EncoderInfo {
        &self.choice.encoder
    }

    /// The encoder that was selected, and why it and no other.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// What the samples will be; known before the first frame.
    pub fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    /// The layout of pictures that needn't be converted.
    pub fn input_format(&self) -> PixelFormat {
        self.pool.format()
    }

    /// Pictures that are encoded as they are, tagged with the session's colour.
    /// `VTCompressionSessionGetPixelBufferPool`.
    pub fn pool(&self) -> &PixelPool {
        &self.pool
    }

    /// Frames accepted and not yet answered. `kVTCompressionPropertyKey_NumberOfPendingFrames`.
    pub fn pending(&self) -> usize {
        self.pipeline.pending()
    }

    /// Aims at another average rate, in bits per second, from the next accepted frame on; no key frame is made for it.
    /// `kVTCompressionPropertyKey_AverageBitRate`, set while encoding.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] where the session doesn't aim at an average rate, or its encoder can't
    /// change it; nothing changes then.
    pub fn set_average_rate(&mut self, bits_per_second: u32) -> Result<()> {
        if !self.changes_rate {
            let id = &self.choice.encoder.id;
            return Err(Error::unsupported(format!("{id} can't change its average rate while it runs here"))
                .with_hint("start a session with the other rate"));
        }
        self.rate = Some(bits_per_second);
        Ok(())
    }

    /// Says what the `dts` of samples is to mean, from the next accepted frame on.
    pub fn set_decode_times(&mut self, decode_times: DecodeTimes) {
        self.decode_times = decode_times;
    }

    /// Accepts a frame later than all before it; `token` comes back with its sample, whose time and duration are the
    /// frame's own, to the bit. A picture of another layout, size or colour than the encoder's is converted on the
    /// session's thread ([`Converter`]).
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for times that don't rise, and the failure of the session. A frame that
    /// isn't accepted is not answered.
    pub fn encode(&mut self, frame: VideoFrame, options: FrameOptions, token: T) -> Result<Accepted> {
        let key = Time::new(self.times.next(frame.pts)?, self.times.scale());
        let force_key_frame = options.force_key_frame || self.key_frame_owed;
        let options = FrameOptions { force_key_frame };
        let submission = Submission { frame, options, key, rate: self.rate, decode_times: self.decode_times };
        let accepted = self.pipeline.accept(submission, key, token)?;
        if !accepted.dropped {
            self.rate = None;
        }
        self.key_frame_owed = accepted.dropped && force_key_frame;
        self.times.take(key)?;
        Ok(accepted)
    }

    /// Waits until every accepted frame is answered. More can be encoded afterwards.
    ///
    /// # Errors
    ///
    /// The failure of the session; [`reelwright_media::ErrorKind::Misuse`] from inside the callback.
    pub fn complete(&mut self) -> Result<()> {
        self.pipeline.complete(None)
    }

    /// Waits until every frame up to `time` is answered; later ones may be, too.
    /// `VTCompressionSessionCompleteFrames`.
    ///
    /// # Errors
    ///
    /// As [`Self::complete`].
    pub fn complete_until(&mut self, time: Time) -> Result<()> {
        self.pipeline.complete(Some(time))
    }

    /// Ends the session at once: no answer comes any more, and the tokens of what was pending come back here, in the
    /// order they were given.
    pub fn invalidate(mut self) -> Vec<T> {
        self.pipeline.invalidate()
    }
}

impl<T: Send + 'static> fmt::Debug for CompressionSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.encoder().id;
        f.debug_struct("CompressionSession").field("encoder", id).field("pending", &self.pending()).finish()
    }
}

/// The encoder and what is needed to make it anew: an encoder that looks ahead gives up its last frames only by ending.
struct Compressor {
    encoder: Box<dyn VideoEncoder>,
    converter: Converter,
    workers: Workers,
    registry: Registry,
    settings: VideoEncoderSettings,
    again: EncoderSpecification,
    /// What was submitted and hasn't come out.
    submitted: Vec<Submitted>,
    /// The times of frames in the order of submission, of which no sample has taken its raw `dts` yet.
    order: VecDeque<Time>,
    drained: bool,
}

struct Submitted {
    /// In the encoder's timescale.
    key: Time,
    pts: Time,
    duration: Option<Time>,
    decode_times: DecodeTimes,
}

/// Gives a sample the times its frame was submitted with.
fn restored(
    submitted: &mut Vec<Submitted>,
    order: &mut VecDeque<Time>,
    mut sample: SampleBuffer,
) -> (Time, SampleBuffer) {
    let (key, raw) = (sample.pts, order.pop_front());
    if let Some(index) = submitted.iter().position(|frame| frame.key == key) {
        let Submitted { pts, duration, decode_times, .. } = submitted.remove(index);
        // Without reordering both times are the same one.
        if sample.dts == sample.pts {
            sample.dts = pts;
        }
        if decode_times == DecodeTimes::Raw {
            sample.dts = raw.unwrap_or(sample.dts);
        }
        sample.pts = pts;
        sample.duration = duration.unwrap_or(sample.duration);
    }
    (key, sample)
}

impl Engine<Submission, SampleBuffer> for Compressor {
    fn feed(&mut self, input: Submission, out: &mut dyn FnMut(Time, SampleBuffer)) -> Result<()> {
        if std::mem::take(&mut self.drained) {
            self.encoder = self.registry.video_encoder(&self.settings, &self.again)?.1;
        }
        if let Some(rate) = input.rate {
            self.encoder.set_average_rate(rate)?;
            self.settings.rate = VideoRate::Average(rate);
        }
        let pixels = self.converter.convert(&input.frame.pixels, self.workers)?;
        let Submission { key, decode_times, ref frame, .. } = input;
        self.submitted.push(Submitted { key, pts: frame.pts, duration: frame.duration, decode_times });
        self.order.push_back(frame.pts);
        let (submitted, order) = (&mut self.submitted, &mut self.order);
        self.encoder.encode(VideoFrame { pixels, ..input.frame }, input.options, &mut |sample| {
            let (key, sample) = restored(submitted, order, sample);
            out(key, sample);
            Ok(())
        })
    }

    fn drain(&mut self, out: &mut dyn FnMut(Time, SampleBuffer)) -> Result<()> {
        self.drained = true;
        let (submitted, order) = (&mut self.submitted, &mut self.order);
        let result = self.encoder.finish(&mut |sample| {
            let (key, sample) = restored(submitted, order, sample);
            out(key, sample);
            Ok(())
        });
        self.submitted.clear();
        self.order.clear();
        result
    }

    fn errors_are_final(&self) -> bool {
        true
    }
}
