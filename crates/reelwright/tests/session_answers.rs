//! Sessions over codecs made for the purpose: one that reorders and holds back, one that waits to be let go.
#![allow(clippy::unwrap_used)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use reelwright::codec::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, Codec, DecoderInfo, EncoderInfo, EncoderSpecification,
    FrameOptions, HardwareUse, Provider, QualityClass, Registry, VideoDecoder, VideoDecoderSettings,
    VideoEncoder, VideoEncoderSettings,
};
use reelwright::media::{
    Color, Error, ErrorKind, FormatDescription, FourCc, PixelBuffer, PixelFormat, Result, Rounding,
    SampleBuffer, SampleFlags, Size, Time, Timescale, Trim, VideoCodec, VideoFormat, VideoFrame,
};
use reelwright::{Answer, CompressionSession, DecodeTimes, DecompressionSession};

const SIZE: Size = Size::new(16, 16);

/// Makes samples in pairs, the later frame first; fails at frames whose first pixel is 255.
struct Pairs {
    format: Arc<FormatDescription>,
    scale: Timescale,
    held: Option<(Time, bool)>,
    gate: Option<Arc<Mutex<Receiver<()>>>>,
    finished: bool,
}

impl Pairs {
    fn sample(&self, (pts, key): (Time, bool), dts: Time) -> SampleBuffer {
        SampleBuffer {
            format: self.format.clone(),
            payload: vec![1].into(),
            dts,
            pts,
            duration: Time::ZERO,
            flags: if key { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC },
            trim: Trim::default(),
        }
    }
}

impl VideoEncoder for Pairs {
    fn input_format(&self) -> PixelFormat {
        PixelFormat::YUV420
    }

    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        assert!(!self.finished, "an encoder that has finished isn't fed again");
        assert_eq!(frame.pixels.format, self.input_format());
        assert_eq!(frame.pixels.size, self.format.as_video().unwrap().size);
        if let Some(gate) = &self.gate {
            gate.lock().unwrap().recv().unwrap();
        }
        if frame.pixels.row(0, 0)[0] == 255 {
            return Err(Error::new(ErrorKind::Encode, "a white frame"));
        }
        let new = (frame.pts.rescale(self.scale, Rounding::Nearest).unwrap(), options.force_key_frame);
        match self.held.take() {
            None => self.held = Some(new),
            Some(held) => {
                out(self.sample(new, held.0))?;
                out(self.sample(held, held.0))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        self.finished = true;
        match self.held.take() {
            Some(held) => out(self.sample(held, held.0)),
            None => Ok(()),
        }
    }
}

/// Puts pictures out one sample late; samples with no bytes are damaged, those with two are swallowed.
struct Late(Option<Time>);

impl VideoDecoder for Late {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        match sample.payload.len() {
            0 => return Err(Error::new(ErrorKind::Decode, "nothing to decode").at_time(sample.pts)),
            2 => return Ok(()),
            _ => {}
        }
        let before = self.0.replace(sample.pts);
        before.map_or(Ok(()), |pts| out(picture(pts, 0)))
    }

    fn finish(&mut self, out: &mut dyn FnMut(VideoFrame) -> Result<()>) -> Result<()> {
        self.0.take().map_or(Ok(()), |pts| out(picture(pts, 0)))
    }
}

struct Fakes {
    encoders: Vec<EncoderInfo>,
    decoders: Vec<DecoderInfo>,
    gate: Option<Arc<Mutex<Receiver<()>>>>,
}

impl Provider for Fakes {
    fn name(&self) -> &'static str {
        "fakes"
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.encoders
    }

    fn decoders(&self) -> &[DecoderInfo] {
        &self.decoders
    }

    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        if id == "broken" {
            return Err(Error::unsupported("no driver"));
        }
        let format = VideoFormat::new(VideoCodec::H264, FourCc::new(b"avc1"), settings.size);
        Ok(Box::new(Pairs {
            format: Arc::new(FormatDescription::Video(format)),
            scale: settings.timescale,
            held: None,
            gate: self.gate.clone(),
            finished: false,
        }))
    }

    fn audio_encoder(&self, _: &str, _: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        Err(Error::misuse("no sound here"))
    }

    fn video_decoder(&self, _: &str, _: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        Ok(Box::new(Late(None)))
    }

    fn audio_decoder(&self, _: &str, _: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>> {
        Err(Error::misuse("no sound here"))
    }
}

fn registry(gate: Option<Receiver<()>>) -> Registry {
    let codec = Codec::Video(VideoCodec::H264);
    let encoder = EncoderInfo {
        pixel_formats: vec![PixelFormat::YUV420],
        reordering: true,
        ..EncoderInfo::new("pairs", "Pairs", "fakes", codec)
    };
    let decoder = DecoderInfo::new("late", "Late", "fakes", codec);
    let gate = gate.map(|gate| Arc::new(Mutex::new(gate)));
    Registry::new().with(Arc::new(Fakes { encoders: vec![encoder], decoders: vec![decoder], gate }))
}

fn picture(pts: Time, value: u8) -> VideoFrame {
    let mut pixels = PixelBuffer::zeroed(PixelFormat::YUV420, SIZE);
    pixels.make_mut().plane(0).0[0] = value;
    VideoFrame { pixels, pts, duration: Time::from_ratio(1001, 30_000) }
}

fn time(index: i64) -> Time {
    Time::from_ratio(index * 1001, 30_000).unwrap()
}

type Log = Arc<Mutex<Vec<(u32, String)>>>;

/// A session that writes down its answers.
fn compress(registry: &Registry, real_time: bool) -> (CompressionSession<u32>, Log) {
    let log = Log::default();
    let theirs = log.clone();
    let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE)
        .real_time(real_time)
        .timescale(Timescale::or_one(600));
    let any = EncoderSpecification::default();
    let session = CompressionSession::new_with(registry, settings, &any, move |output| {
        let text = match output.result {
            Ok(Answer::Done(sample)) => {
                assert_eq!(sample.pts.value(), i64::from(output.token) * 1001);
                assert_eq!(sample.duration.value(), 1001);
                if sample.flags.sync { "key".to_owned() } else { "sample".to_owned() }
            }
            Ok(Answer::Dropped) => "dropped".to_owned(),
            Err(error) => error.message().to_owned(),
        };
        theirs.lock().unwrap().push((output.token, text));
    });
    (session.unwrap(), log)
}

fn tokens(log: &Log) -> Vec<u32> {
    log.lock().unwrap().iter().map(|(token, _)| *token).collect()
}

#[test]
fn every_frame_is_answered_once_in_decode_order_with_its_own_times() {
    let (mut session, log) = compress(&registry(None), false);
    for index in 0..5 {
        let accepted =
            session.encode(picture(time(index.into()), 0), FrameOptions::default(), index).unwrap();
        assert!(!accepted.dropped);
    }
    session.complete().unwrap();
    assert_eq!(tokens(&log), [1, 0, 3, 2, 4]);
    assert_eq!(session.pending(), 0);
    // Goes on after completion, with a new encoder underneath.
    for index in 5..7 {
        session.encode(picture(time(index.into()), 0), FrameOptions::default(), index).unwrap();
    }
    session.complete_until(time(5)).unwrap();
    assert_eq!(tokens(&log)[5..], [6, 5]);
}

#[test]
fn times_that_do_not_rise_are_refused_without_an_answer() {
    let (mut session, log) = compress(&registry(None), false);
    session.encode(picture(time(3), 0), FrameOptions::default(), 3).unwrap();
    let error = session.encode(picture(time(3), 0), FrameOptions::default(), 4).unwrap_err();
    assert_eq!((error.kind(), error.kind().os_status()), (ErrorKind::Misuse, Some(-12902)));
    session.complete().unwrap();
    assert_eq!(tokens(&log), [3]);
}

/// The encoder of these tests refuses what it wasn't made for.
#[test]
fn pictures_of_another_size_or_layout_are_converted() {
    let (mut session, log) = compress(&registry(None), false);
    for (index, format) in (0..).zip([PixelFormat::YUV420, PixelFormat::Bgra, PixelFormat::Nv12]) {
        let mut large = picture(time(index.into()), 0);
        large.pixels = PixelBuffer::zeroed(format, Size::new(32, 48));
        session.encode(large, FrameOptions::default(), index).unwrap();
    }
    session.complete().unwrap();
    assert_eq!(tokens(&log), [1, 0, 2]);
}

#[test]
fn invalidating_hands_pending_tokens_back() {
    let (open, gate) = channel::<()>();
    let (mut session, log) = compress(&registry(Some(gate)), false);
    for index in 0..6 {
        session.encode(picture(time(index.into()), 0), FrameOptions::default(), index).unwrap();
    }
    assert_eq!(session.pending(), 6);
    let release = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        (0..6).for_each(|_| open.send(()).unwrap_or_default());
    });
    assert_eq!(session.invalidate(), [0, 1, 2, 3, 4, 5]);
    release.join().unwrap();
    assert!(tokens(&log).is_empty());
}

#[test]
fn real_time_drops_and_owes_the_key_frame() {
    let (open, gate) = channel::<()>();
    let (mut session, log) = compress(&registry(Some(gate)), true);
    let mut dropped = Vec::new();
    for index in 0..12 {
        let options = FrameOptions { force_key_frame: index == 11 };
        let accepted = session.encode(picture(time(index.into()), 0), options, index).unwrap();
        if accepted.dropped {
            dropped.push(index);
        }
    }
    assert!(dropped.contains(&11));
    for _ in 0..13 {
        Sender::send(&open, ()).unwrap();
    }
    session.complete().unwrap();
    session.encode(picture(time(20), 0), FrameOptions::default(), 20).unwrap();
    session.complete().unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 13);
    for (token, result) in log.iter() {
        let expected = match token {
            20 => "key",
            token if dropped.contains(token) => "dropped",
            _ => "sample",
        };
        assert_eq!(result, expected, "frame {token}");
    }
}

#[test]
fn an_encoder_s_failure_is_answered_and_sticks() {
    let (mut session, log) = compress(&registry(None), false);
    session.encode(picture(time(0), 0), FrameOptions::default(), 0).unwrap();
    session.encode(picture(time(1), 255), FrameOptions::default(), 1).unwrap();
    let error = session.complete().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    let again = session.encode(picture(time(2), 0), FrameOptions::default(), 2).unwrap_err();
    assert_eq!(again.message(), error.message());
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2);
    assert!(log.contains(&(1, "a white frame".to_owned())));
}

#[test]
fn decoding_answers_every_sample_and_survives_damage() {
    let log = Log::default();
    let theirs = log.clone();
    let format = VideoFormat::new(VideoCodec::H264, FourCc::new(b"avc1"), SIZE);
    let format = Arc::new(FormatDescription::Video(format));
    let settings = VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(format.clone()) };
    let mut session: DecompressionSession<u32> =
        DecompressionSession::new_with(&registry(None), settings, move |output| {
            let text = match output.result {
                Ok(Answer::Done(frame)) => format!("frame {}", frame.pts.value() / 1001),
                Ok(Answer::Dropped) => "dropped".to_owned(),
                Err(error) => error.message().to_owned(),
            };
            theirs.lock().unwrap().push((output.token, text));
        })
        .unwrap();
    for (index, bytes) in [1, 0, 1, 2, 1].into_iter().enumerate() {
        let pts = time(index as i64);
        let sample = SampleBuffer {
            format: format.clone(),
            payload: vec![0; bytes].into(),
            dts: pts,
            pts,
            duration: Time::ZERO,
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        };
        session.decode(sample, index as u32).unwrap();
    }
    session.complete().unwrap();
    let mut log = log.lock().unwrap().clone();
    log.sort();
    let expected = ["frame 0", "nothing to decode", "frame 2", "dropped", "frame 4"];
    let expected: Vec<_> =
        expected.into_iter().zip(0u32..).map(|(text, token)| (token, text.to_owned())).collect();
    assert_eq!(log, expected);
}

#[test]
fn completing_inside_the_callback_is_refused_not_a_deadlock() {
    let session: Arc<Mutex<Option<CompressionSession<()>>>> = Arc::default();
    let inside = session.clone();
    let (tell, told) = channel();
    let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE);
    let any = EncoderSpecification::default();
    let made = CompressionSession::new_with(&registry(None), settings, &any, move |_| {
        if let Some(session) = inside.lock().unwrap().as_mut() {
            tell.send(session.complete().unwrap_err().kind()).unwrap();
        }
    });
    *session.lock().unwrap() = Some(made.unwrap());
    for index in 0..2 {
        let mut guard = session.lock().unwrap();
        guard.as_mut().unwrap().encode(picture(time(index), 0), FrameOptions::default(), ()).unwrap();
    }
    assert_eq!(told.recv().unwrap(), ErrorKind::Misuse);
    // The session must not be dropped by its own thread while the callback holds the lock.
    told.recv().unwrap();
    session.lock().unwrap().take();
}

#[test]
fn a_session_goes_from_encoding_to_draining_and_back_until_it_is_invalid() {
    let (mut session, log) = compress(&registry(None), false);
    // Nothing to drain yet.
    session.complete().unwrap();
    session.complete_until(time(100)).unwrap();
    for round in 0..3u32 {
        let before = tokens(&log).len();
        for index in 3 * round..3 * round + 3 {
            session.encode(picture(time(index.into()), 0), FrameOptions::default(), index).unwrap();
            assert!(session.pending() <= 3);
        }
        session.complete().unwrap();
        assert_eq!((session.pending(), tokens(&log).len()), (0, before + 3));
        // Twice is as good as once.
        session.complete().unwrap();
    }
    // What was answered is not handed back; the session is gone with the call.
    assert_eq!(session.invalidate(), []);
    assert_eq!(tokens(&log).len(), 9);
}

#[test]
fn pending_is_what_was_accepted_and_not_answered() {
    let (open, gate) = channel::<()>();
    let (mut session, log) = compress(&registry(Some(gate)), false);
    for index in 0..6 {
        session.encode(picture(time(index.into()), 0), FrameOptions::default(), index).unwrap();
        assert_eq!(session.pending() + tokens(&log).len(), index as usize + 1);
    }
    (0..6).for_each(|_| open.send(()).unwrap());
    session.complete().unwrap();
    assert_eq!((session.pending(), tokens(&log).len()), (0, 6));
}

#[test]
fn a_full_queue_makes_the_caller_wait_unless_time_is_real() {
    let (open, gate) = channel::<()>();
    let (mut session, log) = compress(&registry(Some(gate)), false);
    let (tell, told) = channel();
    let feeder = std::thread::spawn(move || {
        for index in 0..30 {
            let accepted = session.encode(picture(time(index.into()), 0), FrameOptions::default(), index);
            assert!(!accepted.unwrap().dropped);
            tell.send(index).unwrap();
        }
        session.complete().unwrap();
    });
    // The first few are taken, then nothing is until the encoder goes on.
    let mut taken = 0;
    while told.recv_timeout(std::time::Duration::from_millis(200)).is_ok() {
        taken += 1;
    }
    assert!((1..30).contains(&taken), "{taken} frames");
    (0..30).for_each(|_| open.send(()).unwrap());
    feeder.join().unwrap();
    assert_eq!(tokens(&log).len(), 30);
}

#[test]
fn sessions_that_cannot_be_are_refused_with_videotoolbox_s_numbers() {
    let make = |registry: &Registry, size: Size| {
        let settings = VideoEncoderSettings::new(VideoCodec::H264, size);
        let any = EncoderSpecification::default();
        CompressionSession::<()>::new_with(registry, settings, &any, |_| ()).err().unwrap().kind()
    };
    let none = make(&Registry::new(), SIZE);
    assert_eq!((none, none.os_status(), none.code()), (ErrorKind::NoCodec, Some(-12908), -11834));
    for size in [Size::new(0, 16), Size::new(16, 0)] {
        let empty = make(&registry(None), size);
        assert_eq!((empty, empty.os_status()), (ErrorKind::Misuse, Some(-12902)));
    }
}

/// The encoder of these tests swaps every two frames.
#[test]
fn decode_times_are_shifted_or_videotoolbox_s() {
    for decode_times in [DecodeTimes::Shifted, DecodeTimes::Raw] {
        let times: Arc<Mutex<Vec<(i64, i64)>>> = Arc::default();
        let theirs = times.clone();
        let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE).timescale(Timescale::or_one(30_000));
        let any = EncoderSpecification::default();
        let mut session = CompressionSession::new_with(&registry(None), settings, &any, move |output| {
            let Ok(Answer::Done(sample)) = output.result else { panic!("{:?}", output.result) };
            theirs.lock().unwrap().push((sample.pts.value() / 1001, sample.dts.value() / 1001));
        })
        .unwrap();
        session.set_decode_times(decode_times);
        for index in 0..4 {
            session.encode(picture(time(index), 0), FrameOptions::default(), ()).unwrap();
        }
        session.complete().unwrap();
        let expected = match decode_times {
            DecodeTimes::Shifted => [(1, 0), (0, 0), (3, 2), (2, 2)],
            // The n-th sample carries the time of the n-th frame.
            DecodeTimes::Raw => [(1, 0), (0, 1), (3, 2), (2, 3)],
        };
        assert_eq!(*times.lock().unwrap(), expected, "{decode_times:?}");
    }
}

#[test]
fn a_pool_tags_its_pictures_and_counts_them() {
    let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE).color(Color::BT709);
    let any = EncoderSpecification::default();
    let session = CompressionSession::<()>::new_with(&registry(None), settings, &any, |_| ()).unwrap();
    let pool = session.pool();
    let pictures: Vec<_> = (0..3).map(|_| pool.take_within(3).unwrap()).collect();
    let fits = |picture: &PixelBuffer| (picture.format, picture.size, picture.color);
    assert!(pictures.iter().all(|picture| fits(picture) == (session.input_format(), SIZE, Color::BT709)));
    let error = pool.take_within(3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().contains("3 pictures"), "{error}");
    drop(pictures);
    pool.take_within(1).unwrap();
}

#[test]
fn hardware_is_required_forbidden_or_given_up() {
    let codec = Codec::Video(VideoCodec::H264);
    let software = EncoderInfo::new("software", "Software", "fakes", codec);
    let broken = EncoderInfo {
        hardware: true,
        quality: QualityClass::Good,
        ..EncoderInfo::new("broken", "Without its driver", "fakes", codec)
    };
    let fakes = Fakes { encoders: vec![broken, software], decoders: Vec::new(), gate: None };
    let registry = Registry::new().with(Arc::new(fakes));
    let make = |hardware, id: Option<&str>| {
        let specification = match id {
            Some(id) => EncoderSpecification::with_id(id).hardware(hardware),
            None => EncoderSpecification::new().hardware(hardware),
        };
        let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE);
        let session = CompressionSession::<()>::new_with(&registry, settings, &specification, |_| ());
        session.map(|session| (session.encoder().id.clone(), session.encoder().hardware))
    };
    assert_eq!(make(HardwareUse::Avoid, None).unwrap(), ("software".to_owned(), false));
    // Told truly after giving up.
    assert_eq!(make(HardwareUse::Prefer, None).unwrap(), ("software".to_owned(), false));
    let required = make(HardwareUse::Require, None).unwrap_err();
    assert_eq!((required.kind(), required.code()), (ErrorKind::NoCodec, -11834));
    assert!(required.message().contains("broken: no driver"), "{required}");
    // Who asks for it by name is told why it doesn't work.
    assert_eq!(make(HardwareUse::Prefer, Some("broken")).unwrap_err().message(), "no driver");
    let misnamed = make(HardwareUse::Avoid, Some("brokn")).unwrap_err();
    assert_eq!(misnamed.hint().unwrap().to_string(), "for H.264 there are broken, software");
}
