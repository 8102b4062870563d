//! What is said of an input stands in its track, as boxes and as ffprobe reads them.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "native")]

mod corner;
mod foreign;
mod generated;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use generated::{RATE, pcm, pcm_format};
use reelwright::media::{
    AudioCodec, ChannelLayout, ErrorKind, FourCc, Language, Matrix, MetadataItem, MetadataKey, MetadataValue,
    PixelPool, Rotation, SampleBuffer, Size, Time, Timescale, TrackReference, VideoCodec, VideoFrame,
};
use reelwright::{AssetWriter, AssetWriterBuilder, Association, FileType, Input, InputConfig, Overwrite};
use reelwright_bmff::{
    BoxRef, ExtendedLanguage, MediaHeader, SampleToChunk, TimeToSample, TrackHeader, TrackReferences, boxes,
};
use reelwright_codec::{AudioEncoderSettings, VideoEncoderSettings};

const SIZE: Size = Size::new(128, 64);

fn writer(name: &str, file_type: FileType) -> (PathBuf, AssetWriterBuilder) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let builder = AssetWriter::create(&path, file_type).overwrite(Overwrite::Replace);
    (path, builder)
}

/// A second of sound in blocks of 0.1 s.
fn feed_sound(mut input: Input) {
    let format = pcm_format();
    for block in 0..10 {
        input.append(pcm(&format, block * 4800, 4800)).unwrap();
    }
}

/// A second of pictures in an input and of sound in another.
fn write_both(mut builder: AssetWriterBuilder, pictures: InputConfig, sound: InputConfig) {
    let video = builder.add_input(pictures).unwrap();
    let sound = builder.add_input(sound).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    feed_pictures(video, 25);
    feed_sound(sound);
    writer.finish().unwrap();
}

/// A picture that is bright in one corner alone, `count` times.
fn feed_pictures(mut input: Input, count: i64) {
    let pool = PixelPool::new(input.pixel_format().unwrap(), SIZE);
    for frame in 0..count {
        let pixels = corner::bright_corner(&pool);
        input
            .append(VideoFrame { pixels, pts: Time::from_ratio(frame, 25).unwrap(), duration: None })
            .unwrap();
    }
}

fn pictures() -> InputConfig {
    InputConfig::encode_video(VideoEncoderSettings::new(VideoCodec::H264, SIZE))
}

fn load(path: &Path) -> Bytes {
    std::fs::read(path).unwrap().into()
}

/// The `trak` boxes.
fn tracks(file: &Bytes) -> Vec<BoxRef<'_>> {
    let moov = boxes(file).find(b"moov").unwrap();
    moov.children().filter_map(Result::ok).filter(|child| child.is(b"trak")).collect()
}

fn inside<'a>(parent: &BoxRef<'a>, path: &[&[u8; 4]]) -> Option<BoxRef<'a>> {
    path.iter().try_fold(parent.clone(), |parent, kind| parent.children().find(*kind))
}

/// The kinds of the boxes in it, in order.
fn kinds(parent: &BoxRef) -> Vec<String> {
    parent.children().filter_map(Result::ok).map(|child| child.kind().to_string()).collect()
}

#[test]
fn headers_say_what_the_input_said() {
    for (file_type, name) in [(FileType::Mov, "headers.mov"), (FileType::Mp4, "headers.mp4")] {
        let (path, builder) = writer(name, file_type);
        let shown = pictures()
            .natural_size(Size::new(160, 64))
            .timescale(Timescale::new(30_000).unwrap())
            .transform(Matrix::rotation(Rotation::Clockwise90, SIZE))
            .layer(-1);
        let french = Language::from_code("fra").unwrap().with_tag("fr-CA");
        let heard = InputConfig::copy(pcm_format()).language(french).volume(0.5).enabled(false);
        write_both(builder, shown, heard.alternate_group(7));

        let file = load(&path);
        let [video, sound] = tracks(&file).try_into().unwrap();
        let header: TrackHeader = inside(&video, &[b"tkhd"]).unwrap().read().unwrap();
        assert_eq!((header.width, header.height), (160 << 16, 64 << 16));
        assert_eq!((header.volume, header.layer, header.flags & 1), (0, -1, 1));
        assert_eq!(header.matrix.0, [0, 0x1_0000, 0, -0x1_0000, 0, 0, 64 << 16, 0, 0x4000_0000]);
        let media: MediaHeader = inside(&video, &[b"mdia", b"mdhd"]).unwrap().read().unwrap();
        assert_eq!((media.timescale, media.language), (30_000, Language::UNDETERMINED.to_packed()));
        assert_eq!(inside(&video, &[b"tapt"]).is_some(), file_type == FileType::Mov);

        let header: TrackHeader = inside(&sound, &[b"tkhd"]).unwrap().read().unwrap();
        assert_eq!((header.volume, header.flags & 1, header.alternate_group), (0x80, 0, 7));
        assert_eq!(&kinds(&inside(&sound, &[b"mdia"]).unwrap())[..3], ["mdhd", "elng", "hdlr"]);
        let media: MediaHeader = inside(&sound, &[b"mdia", b"mdhd"]).unwrap().read().unwrap();
        assert_eq!((media.timescale, Language::from_packed(media.language).code()), (RATE, "fra"));
        let tag: ExtendedLanguage = inside(&sound, &[b"mdia", b"elng"]).unwrap().read().unwrap();
        assert_eq!(tag.tag, "fr-CA");

        let entries =
            "stream=time_base:stream_disposition=default:stream_tags=language:stream_side_data=rotation";
        let Some(said) = foreign::probe(&path, entries) else { return };
        // FFmpeg leaves "und" out for QuickTime, and keeps it for MPEG-4.
        let said: Vec<_> = said.iter().map(String::as_str).filter(|line| !line.ends_with("und")).collect();
        let expected = [
            "time_base=1/30000",
            "DISPOSITION:default=1",
            "rotation=-90",
            "time_base=1/48000",
            "DISPOSITION:default=0",
        ];
        assert_eq!(said, [&expected[..], &["TAG:language=fra"]].concat(), "{name}");
    }
}

#[test]
fn two_samples_of_one_tick_are_refused() {
    let (path, mut builder) = writer("one-tick.mov", FileType::Mov);
    let format = pcm_format();
    let mut input = builder.add_input(InputConfig::copy(format.clone())).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    input.append(pcm(&format, 0, 4800)).unwrap();
    // The same tick, and a time that rounds to it.
    let same = pcm(&format, 0, 4800);
    let close = SampleBuffer { dts: Time::from_ratio(1, 480_000).unwrap(), ..same.clone() };
    for sample in [same, close] {
        let refusal = input.append(sample).unwrap_err();
        assert_eq!((refusal.kind(), refusal.place().track), (ErrorKind::Misuse, Some(1)), "{refusal}");
    }
    input.append(pcm(&format, 4800, 4800)).unwrap();
    drop(input);
    writer.finish().unwrap();
    assert_eq!(reelwright::Asset::open(path).unwrap().movie().tracks[0].sample_count, Some(9600));
}

#[test]
fn two_pictures_of_one_tick_are_refused_and_so_is_a_timescale_for_encoded_sound() {
    let (path, mut builder) = writer("coarse.mov", FileType::Mov);
    let tenths = Timescale::new(10).unwrap();
    let mut video = builder.add_input(pictures().timescale(tenths)).unwrap();
    let sound = AudioEncoderSettings::new(AudioCodec::Aac, RATE, ChannelLayout::stereo());
    let error = builder.add_input(InputConfig::encode_audio(sound).timescale(tenths)).unwrap_err();
    assert_eq!((error.kind(), error.place().track), (ErrorKind::Misuse, Some(2)));
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let pool = PixelPool::new(video.pixel_format().unwrap(), SIZE);
    let mut append = |millis: i64| {
        let frame = VideoFrame { pixels: pool.take(), pts: Time::from_millis(millis), duration: None };
        video.append(frame)
    };
    append(0).unwrap();
    assert_eq!(append(40).unwrap_err().kind(), ErrorKind::Misuse);
    append(110).unwrap();
    append(190).unwrap();
    drop(video);
    writer.finish().unwrap();
    let Some(mut said) = foreign::table(&path, "packet=pts") else { return };
    // An encoder may reorder them.
    said.sort();
    assert_eq!(said, ["0", "1", "2"]);
}

/// Volume of what is sound and nothing else, all enabled, size by the pictures, no name for no language.
#[test]
fn what_isnt_said_has_a_default() {
    let (path, builder) = writer("defaults.mov", FileType::Mov);
    write_both(builder, pictures(), InputConfig::copy(pcm_format()));
    let file = load(&path);
    let headers: Vec<TrackHeader> =
        tracks(&file).iter().map(|track| inside(track, &[b"tkhd"]).unwrap().read().unwrap()).collect();
    assert_eq!((headers[0].width, headers[0].height), (128 << 16, 64 << 16));
    assert_eq!((headers[0].volume, headers[1].volume), (0, 0x100));
    assert!(headers.iter().all(|header| header.flags == 0xF && header.matrix == Matrix::IDENTITY));
    assert!(tracks(&file).iter().all(|track| inside(track, &[b"mdia", b"elng"]).is_none()));
}

/// What ffmpeg shows of a picture with a bright corner: its size, and which corner is bright there (right, below).
fn bright_corner(path: &Path) -> Option<(Size, bool, bool)> {
    let shown = ["-frames:v", "1", "-pix_fmt", "gray", "-f", "image2pipe", "-c:v", "pgm"];
    let picture = foreign::ffmpeg(path, &shown)?;
    let mut fields = picture.splitn(4, |byte| byte.is_ascii_whitespace()).map(<[u8]>::to_vec);
    let number = |field: Vec<u8>| String::from_utf8(field).unwrap().parse::<u32>().unwrap();
    assert_eq!(fields.next().unwrap(), b"P5");
    let size = Size::new(number(fields.next().unwrap()), number(fields.next().unwrap()));
    let pixels = &picture[picture.len() - (size.width * size.height) as usize..];
    let (right, below) = corner::bright_side(pixels, size);
    Some((size, right, below))
}

#[test]
fn a_transform_turns_what_is_shown_and_not_what_is_stored() {
    let one = 0x1_0000;
    let (width, height) = (128 << 16, 64 << 16);
    // a, b, c, d, x, y; whether width and height are exchanged; where the bright corner is (right, below).
    let orientations = [
        ([one, 0, 0, one, 0, 0], false, (false, false)),
        ([0, one, -one, 0, height, 0], true, (true, false)),
        ([-one, 0, 0, -one, width, height], false, (true, true)),
        ([0, -one, one, 0, 0, width], true, (false, true)),
        ([-one, 0, 0, one, width, 0], false, (true, false)),
        ([one, 0, 0, -one, 0, height], false, (false, true)),
        ([0, one, one, 0, 0, 0], true, (false, false)),
        ([0, -one, -one, 0, height, width], true, (true, true)),
    ];
    let mut media = Vec::new();
    for (number, ([a, b, c, d, x, y], turned, corner)) in orientations.into_iter().enumerate() {
        let (path, mut builder) = writer(&format!("turned-{number}.mp4"), FileType::Mp4);
        let matrix = Matrix([a, b, 0, c, d, 0, x, y, 0x4000_0000]);
        let video = builder.add_input(pictures().transform(matrix)).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        feed_pictures(video, 1);
        writer.finish().unwrap();
        let file = load(&path);
        let header: TrackHeader = inside(&tracks(&file)[0], &[b"tkhd"]).unwrap().read().unwrap();
        assert_eq!((header.width, header.height, header.matrix), (width as u32, height as u32, matrix));
        media.push(boxes(&file).find(b"mdat").unwrap().body().rest());
        let Some((size, right, below)) = bright_corner(&path) else { return };
        let expected = if turned { Size::new(SIZE.height, SIZE.width) } else { SIZE };
        assert_eq!((size, (right, below)), (expected, corner), "orientation {number}");
    }
    assert!(media.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Of each chunk of the first track, in ticks.
fn chunk_lengths(path: &Path) -> Vec<u64> {
    let file = load(path);
    let stbl = inside(&tracks(&file)[0], &[b"mdia", b"minf", b"stbl"]).unwrap();
    let times: TimeToSample = inside(&stbl, &[b"stts"]).unwrap().read().unwrap();
    let mut samples =
        times.runs.iter().flat_map(|run| std::iter::repeat_n(u64::from(run.delta), run.count as usize));
    let runs: Vec<_> =
        inside(&stbl, &[b"stsc"]).unwrap().read::<SampleToChunk>().unwrap().runs.iter().collect();
    let mut chunks = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let last = runs.get(index + 1).map_or(u32::MAX, |next| next.first_chunk);
        for _ in run.first_chunk..last {
            let length: Vec<_> = samples.by_ref().take(run.samples_per_chunk as usize).collect();
            if length.is_empty() {
                return chunks;
            }
            chunks.push(length.iter().sum());
        }
    }
    chunks
}

#[test]
fn no_chunk_is_longer_than_wished() {
    for (millis, longest) in [(250, RATE / 4), (1000, RATE)] {
        let (path, mut builder) = writer(&format!("chunks-{millis}.mov"), FileType::Mov);
        let wished = InputConfig::copy(pcm_format()).chunk_duration(Time::from_millis(millis));
        let sound = builder.add_input(wished).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        feed_sound(sound);
        writer.finish().unwrap();
        let chunks = chunk_lengths(&path);
        assert_eq!(chunks.iter().sum::<u64>(), u64::from(RATE));
        // As long as blocks of 0.1 s allow, but for the last.
        let fits = u64::from(longest) / 4800 * 4800;
        assert!(chunks[..chunks.len() - 1].iter().all(|&length| length == fits), "{chunks:?}");
        assert!(*chunks.last().unwrap() <= fits);
    }
}

#[test]
fn associations_are_references_of_the_right_track() {
    let kinds = [b"fall", b"chap", b"forc", b"folw", b"tmcd", b"cdsc", b"rndr"];
    let (path, mut builder) = writer("associations.mov", FileType::Mov);
    let references = kinds.map(|kind| TrackReference { kind: FourCc::new(kind), tracks: vec![2] });
    let first = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    let second = builder.add_input(InputConfig::copy(pcm_format())).unwrap();
    for kind in kinds {
        let association = Association::Other(FourCc::new(kind));
        builder.associate(&first, association, &second).unwrap();
        // Said twice it is still one.
        builder.associate(&first, association, second.id()).unwrap();
    }
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let feeding = std::thread::spawn(|| feed_sound(first));
    feed_sound(second);
    feeding.join().unwrap();
    writer.finish().unwrap();
    let file = load(&path);
    let tracks = tracks(&file);
    let tref = inside(&tracks[0], &[b"tref"]).unwrap();
    assert_eq!(self::kinds(&tref), kinds.map(|kind| FourCc::new(kind).to_string()));
    assert_eq!(tref.read::<TrackReferences>().unwrap().references, references);
    assert!(inside(&tracks[1], &[b"tref"]).is_none());
}

/// Whether the box at `place` has `text` in it.
fn holds(parent: &BoxRef, place: &[&[u8; 4]], text: &str) -> bool {
    inside(parent, place)
        .is_some_and(|found| found.body().rest().windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn metadata_goes_where_the_kind_of_file_has_it() {
    let item = |key: MetadataKey, text: &str| MetadataItem {
        key,
        value: MetadataValue::Text(text.into()),
        language: Language::UNDETERMINED,
    };
    let quicktime = |key: &str| MetadataKey::QuickTime(format!("com.apple.quicktime.{key}"));
    let no_place = item(quicktime("live-photo.vitality-score"), "0.5");
    for (file_type, name) in [(FileType::Mov, "facts.mov"), (FileType::Mp4, "facts.mp4")] {
        let (path, builder) = writer(name, file_type);
        let mut builder = builder.metadata([
            item(quicktime("title"), "A day out"),
            item(quicktime("make"), "Nobody"),
            no_place.clone(),
        ]);
        let of_track = [
            item(quicktime("title"), "Left microphone"),
            item(MetadataKey::UserData(FourCc::new(b"tagc")), "public.auxiliary-content"),
        ];
        let sound = builder.add_input(InputConfig::copy(pcm_format()).metadata(of_track)).unwrap();
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        feed_sound(sound);
        let report = writer.finish().unwrap();

        let file = load(&path);
        let (moov, track) = (boxes(&file).find(b"moov").unwrap(), tracks(&file).remove(0));
        if file_type == FileType::Mov {
            assert_eq!(report.dropped_metadata, []);
            assert_eq!(
                (kinds(&moov).contains(&"udta".into()), kinds(&moov).contains(&"meta".into())),
                (false, true)
            );
            assert!(
                holds(&moov, &[b"meta"], "com.apple.quicktime.title")
                    && holds(&moov, &[b"meta"], "A day out")
            );
            assert!(holds(&track, &[b"meta"], "Left microphone"));
        } else {
            assert_eq!(report.dropped_metadata, std::slice::from_ref(&no_place));
            assert_eq!(
                (kinds(&moov).contains(&"udta".into()), kinds(&moov).contains(&"meta".into())),
                (true, false)
            );
            assert!(holds(&moov, &[b"udta"], "A day out"));
            assert!(holds(&track, &[b"udta"], "Left microphone"));
        }
        assert!(holds(&track, &[b"udta", b"tagc"], "public.auxiliary-content"));
        let Some(said) = foreign::probe(&path, "format_tags") else { return };
        let prefix = if file_type == FileType::Mov { "TAG:com.apple.quicktime." } else { "TAG:" };
        for fact in ["title=A day out", "make=Nobody"] {
            assert!(said.contains(&format!("{prefix}{fact}")), "{said:?}");
        }
    }
}

/// Nothing of the clock, of chance or of who was faster stands in a file.
#[test]
fn equal_input_makes_equal_files() {
    let written = ["equal-1.mov", "equal-2.mov"].map(|name| {
        let (path, mut builder) = writer(name, FileType::Mov);
        let (video, sound) = (
            builder.add_input(pictures()).unwrap(),
            builder.add_input(InputConfig::copy(pcm_format())).unwrap(),
        );
        let writer = builder.start().unwrap();
        writer.start_session(Time::ZERO).unwrap();
        let feeding = std::thread::spawn(|| feed_sound(sound));
        feed_pictures(video, 25);
        feeding.join().unwrap();
        writer.finish().unwrap();
        load(&path)
    });
    assert!(written[0] == written[1]);
}
