//! Matroska and WebM beside ffprobe: the corpus, and what ffmpeg writes.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use foreign::{bytes, compare_packets, corpus, ffprobe, generate, open_path, packets, samples, scratch};
use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::{length_prefixed_to_annex_b, push_annex_b};
use reelwright_media::{
    AudioCodec, Channel, ColorRange, ContainerKind, FormatDescription, MediaType, MetadataValue, Ratio,
    Rounding, Size, Time, Timescale, VideoCodec,
};

const PICTURE: &str = "testsrc2=s=192x108:r=30000/1001:d=2";
const TONE: &str = "aevalsrc=0.4*sin(440*2*PI*t)|0.3*sin(660*2*PI*t):s=44100:d=2";

#[test]
fn the_corpus_is_what_ffprobe_sees() {
    let Some(corpus) = corpus() else { return };
    for file in ["vtt_subs.mkv", "srt_subs.mkv", "chapters.mkv", "vp9_alpha.webm"] {
        // Subtitles of WebVTT carry their settings beside the block, which ffprobe leaves out too.
        compare_packets(&corpus.join(file), 0.0021, true, 0.0);
    }
}

#[test]
fn formats_chapters_and_languages_are_described() {
    let Some(corpus) = corpus() else { return };
    let chapters = open_path(&corpus.join("chapters.mkv")).unwrap();
    let movie = chapters.movie();
    assert_eq!(movie.container, ContainerKind::Matroska);
    let rows = ffprobe(
        &corpus.join("chapters.mkv"),
        &["-show_chapters", "-show_entries", "chapter=start_time,end_time:chapter_tags=title"],
    );
    for (ours, theirs) in movie.chapters.iter().zip(rows.iter().flatten()) {
        assert!((ours.range.start.to_seconds_lossy() - theirs[0].parse::<f64>().unwrap()).abs() < 1e-6);
        assert!((ours.range.end().to_seconds_lossy() - theirs[1].parse::<f64>().unwrap()).abs() < 1e-6);
        assert_eq!(theirs.get(2).map_or("", |title| title.as_str()), ours.title);
    }
    assert!(!movie.chapters.is_empty());
    let video = movie.tracks[0].formats[0].as_video().unwrap();
    assert_eq!((video.codec, video.size), (VideoCodec::H264, Size::new(320, 240)));
    let alpha = open_path(&corpus.join("vp9_alpha.webm")).unwrap();
    let video = alpha.movie().tracks[0].formats[0].as_video().unwrap().clone();
    assert_eq!((video.codec, video.size, video.bit_depth), (VideoCodec::Vp9, Size::new(1280, 720), Some(8)));
    let omissions = &alpha.movie().omissions;
    assert!(omissions[0].to_string().starts_with("track 1: the transparency"), "{omissions:?}");
    let subtitles = open_path(&corpus.join("srt_subs.mkv")).unwrap();
    assert_eq!(subtitles.movie().tracks[2].media, MediaType::Subtitle);
    let text = samples(&*subtitles, subtitles.movie().tracks[2].id);
    assert_eq!(&text[0].payload.load().unwrap()[..], b"This is the first subtitle.");
}

#[test]
fn what_ffmpeg_writes_is_what_ffprobe_sees() {
    let folder = scratch("matroska");
    let kinds: [(&str, &[&str]); 9] = [
        ("h264_aac.mkv", &["-c:v", "libx264", "-bf", "3", "-c:a", "aac"]),
        ("hevc_ac3.mkv", &["-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "ac3"]),
        ("vp9_opus.webm", &["-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus", "-ar", "48000"]),
        ("vp8_vorbis.webm", &["-c:v", "libvpx", "-cpu-used", "8", "-c:a", "libvorbis"]),
        ("mpeg4_mp3.mkv", &["-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"]),
        ("mpeg2_mp2.mkv", &["-c:v", "mpeg2video", "-c:a", "mp2"]),
        ("mjpeg_flac.mkv", &["-c:v", "mjpeg", "-c:a", "flac"]),
        ("eac3_only.mkv", &["-vn", "-c:a", "eac3"]),
        ("live.mkv", &["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", "-live", "1"]),
    ];
    for (file, arguments) in kinds {
        let path = folder.join(file);
        if generate(&[PICTURE, TONE], arguments, &path).is_some() {
            compare_packets(&path, 0.0021, true, 0.0);
        }
    }
}

#[test]
fn rates_become_exact() {
    let path = scratch("exact").join("exact.mkv");
    if generate(&[PICTURE, TONE], &["-c:v", "libx264", "-bf", "2", "-c:a", "aac"], &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let [video, audio] = &demuxer.movie().tracks[..] else { panic!("two tracks") };
    assert_eq!(video.timescale, Timescale::or_one(30_000));
    let pictures = samples(&*demuxer, video.id);
    assert!(pictures.iter().all(|sample| sample.duration == Time::from_ratio(1001, 30_000).unwrap()));
    assert_eq!(audio.timescale, Timescale::or_one(44_100));
    let sound = samples(&*demuxer, audio.id);
    assert!(sound.iter().enumerate().all(|(index, sample)| sample.pts.value() == index as i64 * 1024));
    let FormatDescription::Audio(aac) = &*audio.formats[0] else { panic!("sound") };
    assert_eq!((aac.codec, aac.channels, aac.frames_per_packet), (AudioCodec::Aac, 2, 1024));
}

#[test]
fn pictures_that_begin_between_two_frames_keep_their_distance_to_the_sound() {
    // Priming moves everything by 23 ms, which is no multiple of a frame.
    let path = scratch("between").join("between.mkv");
    let picture = PICTURE.replace("30000/1001", "25");
    if generate(&[&picture, TONE], &["-c:v", "libx264", "-bf", "2", "-c:a", "aac"], &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let video = &demuxer.movie().tracks[0];
    let theirs = packets(&path, 0).unwrap();
    let first = theirs.iter().filter_map(|packet| packet.pts).fold(f64::INFINITY, f64::min);
    assert!(first > 0.01 && (first * 25.0).fract() > 0.1, "{first}");
    // Readers that round a delay to the track's ticks, as ffmpeg does, find it there too.
    assert_eq!(video.timescale, Timescale::or_one(1000));
    assert!(samples(&*demuxer, video.id).iter().all(|sample| sample.duration == Time::from_millis(40)));
    assert!((video.range.start.to_seconds_lossy() - first).abs() < 1e-6, "{:?} is not {first}", video.range);
}

/// Sound primed before time 0, as MP4 is copied where nobody moves it: pictures and sound are presented together, when
/// ffprobe says they are. Where all of it begins before 0, nothing is lost.
#[test]
fn what_begins_before_zero_keeps_its_distance() {
    let folder = scratch("negative");
    let (path, all) = (folder.join("negative.mkv"), folder.join("all.mkv"));
    let keep = ["-avoid_negative_ts", "disabled"];
    let arguments = [&["-c:v", "libx264", "-bf", "2", "-c:a", "aac"][..], &keep].concat();
    if generate(&[PICTURE, TONE], &arguments, &path).is_none() {
        return;
    }
    let copied = ["-c", "copy", "-copyts", "-output_ts_offset", "-0.5", all.to_str().unwrap()];
    foreign::ffmpeg(&[&["-i", path.to_str().unwrap()][..], &keep, &copied].concat()).unwrap();
    for (path, zero) in [(&path, 0.0), (&all, -0.5)] {
        let demuxer = open_path(path).unwrap();
        let movie = demuxer.movie();
        for (index, track) in movie.tracks.iter().enumerate() {
            let theirs = packets(path, index).unwrap();
            // ffprobe 5.1 tells times before 0 of sound only.
            let told = samples(&*demuxer, track.id).into_iter().zip(&theirs);
            let told: Vec<_> = told.filter_map(|(our, their)| Some((our.pts, their.pts? - zero))).collect();
            assert!(told.len() > 40 && (index == 0 || told[0].1 < -0.02), "{told:?}");
            for (our, their) in told {
                let our = foreign::presented(track, our);
                assert!((our - their).abs() < 0.001, "track {}: at {our}, theirs {their}", track.id);
            }
            assert!(track.range.start < Time::from_millis(2), "{:?}", track.range);
        }
    }
    // Sound alone is heard from its beginning, as ffmpeg decodes it.
    let alone = folder.join("alone.mka");
    let copied = ["-vn", "-c", "copy", "-copyts", alone.to_str().unwrap()];
    foreign::ffmpeg(&[&["-i", path.to_str().unwrap()][..], &keep, &copied].concat()).unwrap();
    assert!(packets(&alone, 0).unwrap()[0].pts.unwrap() < -0.02);
    assert_eq!(open_path(&alone).unwrap().movie().tracks[0].edits, []);
}

/// Ticks that divide no second: lengths of many seconds, of pictures and of subtitles, and where everything stands.
#[test]
fn odd_ticks_leave_room_for_long_samples() {
    let folder = scratch("odd");
    let (text, path) = (folder.join("text.srt"), folder.join("odd.mkv"));
    std::fs::write(&text, "1\n00:00:02,000 --> 00:00:19,000\nLong\n").unwrap();
    let inputs = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=0.1:d=50", "-f", "lavfi", "-i", "sine=d=2"];
    let kinds = ["-c:v", "libx264", "-c:a", "libvorbis", "-c:s", "srt"];
    let files = ["-i", text.to_str().unwrap(), "-map", "0", "-map", "1", "-map", "2"];
    let arguments = [&inputs[..], &files, &kinds, &[path.to_str().unwrap()]].concat();
    if foreign::ffmpeg(&arguments).is_none() {
        return;
    }
    let mut file = std::fs::read(&path).unwrap();
    let scale = file.windows(3).position(|id| id == [0x2A, 0xD7, 0xB1]).unwrap() + 4;
    assert_eq!(file[scale - 1..scale + 3], [0x83, 0x0F, 0x42, 0x40]);
    file[scale..scale + 3].copy_from_slice(&1_333_333u32.to_be_bytes()[1..]);
    std::fs::write(&path, file).unwrap();
    compare_packets(&path, 0.0028, true, 0.0);
    let demuxer = open_path(&path).unwrap();
    let [video, _, text] = &demuxer.movie().tracks[..] else { panic!("three tracks") };
    let mut shown: Vec<_> = packets(&path, 0).unwrap().iter().filter_map(|packet| packet.pts).collect();
    shown.sort_by(f64::total_cmp);
    let stated = ffprobe(&path, &["-select_streams", "2", "-show_entries", "packet=duration_time"]).unwrap();
    for (track, theirs) in [(video, shown[1] - shown[0]), (text, stated[0][0].parse().unwrap())] {
        let ours = samples(&*demuxer, track.id)[0].duration.to_seconds_lossy();
        assert!(
            (ours - theirs).abs() < 0.003 && theirs > 13.0,
            "track {}: {ours}, theirs {theirs}",
            track.id
        );
    }
}

/// The container overrides the stream, with square pixels too.
#[test]
fn a_stated_square_is_a_shape_too() {
    let folder = scratch("square");
    let (path, square) = (folder.join("anamorphic.mkv"), folder.join("square.mkv"));
    let encode = ["-c:v", "libx264", "-vf", "setsar=4/3"];
    if generate(&["testsrc2=s=192x108:r=25:d=0.2"], &encode, &path).is_none() {
        return;
    }
    let copy = ["-i", path.to_str().unwrap(), "-c", "copy", "-aspect", "192:108", square.to_str().unwrap()];
    foreign::ffmpeg(&copy).unwrap();
    for (path, shape, expected) in [(&path, "4:3", Ratio::new(4, 3)), (&square, "1:1", Some(Ratio::ONE))] {
        assert_eq!(ffprobe(path, &["-show_entries", "stream=sample_aspect_ratio"]).unwrap(), [[shape]]);
        let demuxer = open_path(path).unwrap();
        assert_eq!(demuxer.movie().tracks[0].formats[0].as_video().unwrap().pixel_aspect, expected);
    }
}

/// Of the size to display, what is left unsaid is that of the picture (RFC 9559, 5.1.4.1.28.10).
#[test]
fn half_a_display_size_is_a_shape_too() {
    let folder = scratch("shape");
    let path = folder.join("whole.mkv");
    if generate(&["testsrc2=s=192x108:r=25:d=0.2"], &["-c:v", "mpeg4", "-vf", "setsar=4/3"], &path).is_none()
    {
        return;
    }
    let whole = std::fs::read(&path).unwrap();
    let at = |id: [u8; 2]| whole.windows(3).position(|bytes| bytes == [id[0], id[1], 0x81]).unwrap();
    let (width, height, unit) = (at([0x54, 0xB0]), at([0x54, 0xBA]), at([0x54, 0xB2]));
    for (name, hidden) in [("height", height), ("width", width)] {
        let mut file = whole.clone();
        // In pixels, not a ratio; an ID that nobody knows hides the one.
        (file[unit + 3], file[width + 3], file[height + 3]) = (0, 144, 216);
        file[hidden + 1] = 0xB9;
        let path = folder.join(format!("no_{name}.mkv"));
        std::fs::write(&path, file).unwrap();
        let theirs = ffprobe(&path, &["-show_entries", "stream=sample_aspect_ratio"]).unwrap();
        let expected = if name == "height" { (3, 4) } else { (1, 2) };
        assert_eq!(theirs, [[format!("{}:{}", expected.0, expected.1)]], "{name}");
        let demuxer = open_path(&path).unwrap();
        let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap();
        assert_eq!(video.pixel_aspect, Ratio::new(expected.0, expected.1), "without {name}");
    }
}

#[test]
fn colour_shape_and_turn_are_read() {
    let path = scratch("colour").join("hdr.mkv");
    let hdr = "log-level=none:hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:\
        master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400";
    let shape = ["-vf", "format=yuv420p10le,setsar=4/3", "-c:v", "libx265", "-x265-params", hdr];
    let color = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"];
    let notes = ["-color_range", "tv", "-metadata", "title=Film", "-metadata:s:v:0", "language=ger"];
    let arguments = [&shape[..], &color, &notes].concat();
    if generate(&["testsrc2=s=192x108:r=25:d=0.4"], &arguments, &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let track = &demuxer.movie().tracks[0];
    assert_eq!(track.language.code(), "deu");
    assert!(demuxer.movie().metadata.iter().any(|item| item.value.as_text() == Some("Film")));
    let video = track.formats[0].as_video().unwrap();
    assert_eq!((video.color.primaries.0, video.color.transfer.0, video.color.matrix.0), (9, 16, 9));
    assert_eq!((video.bit_depth, video.pixel_aspect), (Some(10), Ratio::new(4, 3)));
}

/// FFmpeg takes the range of JPEG from a remark in the picture, whatever the container says; so does every reader here.
#[test]
fn jpeg_says_its_range_itself() {
    let folder = scratch("range");
    let ranges = [("tv", ColorRange::Video), ("pc", ColorRange::Full)];
    for (name, range) in ranges {
        let filter = format!("scale=out_range={name},format=yuv420p");
        let encode = ["-vf", &filter, "-color_range", name, "-strict", "-1", "-c:v", "mjpeg"];
        for file in ["plain.mkv", "plain.mov", "plain.mp4"] {
            let path = folder.join(format!("{name}_{file}"));
            if generate(&["testsrc2=s=64x64:r=5:d=0.4"], &encode, &path).is_none() {
                return;
            }
            // The same pictures in a container that says the contrary.
            let (other, _) = ranges[usize::from(name == "tv")];
            let contrary = folder.join(format!("{name}_contrary_{file}"));
            let colour = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"];
            let copy = ["-c", "copy", "-color_range", other, "-movflags", "write_colr"];
            let out = [contrary.to_str().unwrap()];
            foreign::ffmpeg(&[&["-i", path.to_str().unwrap()], &copy[..], &colour, &out].concat()).unwrap();
            for path in [path, contrary] {
                let theirs = ffprobe(&path, &["-show_entries", "stream=color_range"]).unwrap();
                assert_eq!(theirs, [[name]], "{}", path.display());
                let demuxer = open_path(&path).unwrap();
                let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap().clone();
                assert_eq!(video.color.range, Some(range), "{}", path.display());
                assert_eq!(samples(&*demuxer, 1)[0].format.as_video(), Some(&video));
            }
        }
    }
}

#[test]
fn a_cut_file_is_read_as_far_as_it_goes() {
    let Some(corpus) = corpus() else { return };
    let whole = std::fs::read(corpus.join("chapters.mkv")).unwrap();
    let path = scratch("cut").join("cut.mkv");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let demuxer = open_path(&path).unwrap();
    assert!(!demuxer.movie().warnings.is_empty());
    assert!(!bytes(&*demuxer, demuxer.movie().tracks[0].id).is_empty());
    // Every cut and a few flips of the beginning: an answer, never a panic.
    for length in (0..whole.len()).step_by(997) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let _ = open_path(&path);
    }
    for at in 0..600 {
        let mut damaged = whole[..8000].to_vec();
        damaged[at] ^= 0x55;
        std::fs::write(&path, damaged).unwrap();
        let _ = open_path(&path);
    }
}

#[test]
fn surround_sound_keeps_its_order() {
    let path = scratch("surround").join("surround.mkv");
    let tone = "aevalsrc=0|0|0|0|0|0:s=48000:d=0.3:c=5.1";
    if generate(&[tone], &["-c:a", "ac3"], &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let audio = demuxer.movie().tracks[0].formats[0].as_audio().unwrap().clone();
    assert_eq!((audio.channels, audio.layout.unwrap().channels()[3]), (6, Channel::Lfe));
}

/// An element of up to 2^28 bytes.
fn element(id: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap() | 0x1000_0000;
    [id, &length.to_be_bytes(), data].concat()
}

/// A recording as browsers make them: no private data, no lengths of segment and clusters, start codes in the blocks.
fn recording(codec: &str, pictures: &[(i16, bool, Vec<u8>)]) -> Vec<u8> {
    file_of(codec, &[], &[], pictures)
}

/// The same with more elements of the track and of its pictures' description.
fn file_of(codec: &str, more: &[u8], shape: &[u8], pictures: &[(i16, bool, Vec<u8>)]) -> Vec<u8> {
    let size = [element(&[0xB0], &192u16.to_be_bytes()), element(&[0xBA], &[108])].concat();
    let video = [&size, shape].concat();
    let track = [
        more.to_vec(),
        element(&[0xD7], &[1]),
        element(&[0x83], &[1]),
        element(&[0x86], codec.as_bytes()),
        element(&[0xE0], &video),
    ];
    let blocks = pictures.iter().map(|(time, key, bytes)| {
        let [high, low] = time.to_be_bytes();
        element(&[0xA3], &[&[0x81, high, low, if *key { 0x80 } else { 0 }], &bytes[..]].concat())
    });
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"webm")),
        vec![0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &track.concat())),
        vec![0x1F, 0x43, 0xB6, 0x75, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        element(&[0xE7], &[0]),
        blocks.collect::<Vec<_>>().concat(),
    ]
    .concat()
}

#[test]
fn a_cover_is_found_beside_large_fonts() {
    let folder = scratch("cover");
    let (font, cover, path) = (folder.join("font.ttf"), folder.join("cover.png"), folder.join("film.mkv"));
    std::fs::write(&font, vec![7; 9 << 20]).unwrap();
    if generate(&["testsrc2=s=64x64:d=1:r=1"], &["-frames:v", "1"], &cover).is_none() {
        return;
    }
    let attach = ["-attach", font.to_str().unwrap(), "-metadata:s:t:0", "mimetype=font/ttf"];
    let picture = ["-attach", cover.to_str().unwrap(), "-metadata:s:t:1", "mimetype=image/png"];
    let sound = ["-c:a", "aac"];
    generate(&[TONE], &[&sound[..], &attach, &picture].concat(), &path).unwrap();
    let theirs = ffprobe(&path, &["-show_entries", "stream=codec_name"]).unwrap();
    assert!(theirs.iter().any(|stream| stream == &["png"]), "{theirs:?}");
    let demuxer = open_path(&path).unwrap();
    let items = demuxer.movie().metadata.iter();
    let found: Vec<_> = items.filter(|item| item.key.common() == Some("artwork")).collect();
    let expected = MetadataValue::Data { kind: 14, bytes: std::fs::read(&cover).unwrap().into() };
    assert_eq!(found.iter().map(|item| &item.value).collect::<Vec<_>>(), [&expected]);
}

/// Video for Windows: the codec is named in a BITMAPINFOHEADER, everything else where it always is.
#[test]
fn pictures_named_as_in_windows_have_a_shape_too() {
    let folder = scratch("windows");
    let (plain, path) = (folder.join("plain.mkv"), folder.join("windows.mkv"));
    if generate(&["testsrc2=s=192x108:r=25:d=0.2"], &["-c:v", "mjpeg"], &plain).is_none() {
        return;
    }
    let picture = samples(&*open_path(&plain).unwrap(), 1)[0].payload.load().unwrap().to_vec();
    let mut header = [0; 40];
    (header[0], header[4], header[8], header[12], header[14]) = (40, 192, 108, 1, 24);
    header[16..20].copy_from_slice(b"MJPG");
    let private = element(&[0x63, 0xA2], &header);
    let display = [element(&[0x54, 0xB0], &256u16.to_be_bytes()), element(&[0x54, 0xBA], &[108])].concat();
    std::fs::write(&path, file_of("V_MS/VFW/FOURCC", &private, &display, &[(0, true, picture)])).unwrap();
    let entries = ["-show_entries", "stream=codec_name,sample_aspect_ratio,color_range"];
    assert_eq!(ffprobe(&path, &entries).unwrap(), [["mjpeg", "4:3", "pc"]]);
    let demuxer = open_path(&path).unwrap();
    let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap();
    assert_eq!((video.codec, video.pixel_aspect), (VideoCodec::Jpeg, Ratio::new(4, 3)));
    assert_eq!((video.color.range, video.bit_depth), (Some(ColorRange::Full), Some(8)));
}

#[test]
fn start_codes_without_private_data_are_read() {
    let folder = scratch("start_codes");
    let kinds: [(&str, &str, &[&str]); 2] = [
        ("V_MPEG4/ISO/AVC", "avc3", &["-c:v", "libx264", "-bf", "0", "-g", "20"]),
        ("V_MPEGH/ISO/HEVC", "hev1", &["-c:v", "libx265", "-x265-params", "log-level=none:bframes=0"]),
    ];
    for (codec, tag, arguments) in kinds {
        let whole = folder.join(format!("{tag}.mkv"));
        if generate(&[PICTURE], arguments, &whole).is_none() {
            return;
        }
        let stated = open_path(&whole).unwrap();
        let original = samples(&*stated, 1);
        let config = stated.movie().tracks[0].formats[0].as_video().unwrap().config.clone().unwrap().bytes;
        let mut sets = Vec::new();
        if tag == "avc3" {
            let config = AvcConfig::parse(&config).unwrap();
            config.units().for_each(|unit| push_annex_b(&mut sets, unit));
        } else {
            let config = HevcConfig::parse(&config).unwrap();
            config.units().for_each(|unit| push_annex_b(&mut sets, unit));
        }
        let pictures: Vec<_> = original
            .iter()
            .map(|sample| {
                let units = length_prefixed_to_annex_b(&sample.payload.load().unwrap(), 4).unwrap();
                let bytes = if sample.flags.sync { [&sets[..], &units].concat() } else { units };
                let time = sample.pts.ticks_in(Timescale::or_one(1000), Rounding::Nearest).unwrap();
                (i16::try_from(time).unwrap(), sample.flags.sync, bytes)
            })
            .collect();
        let path = folder.join(format!("{tag}.webm"));
        std::fs::write(&path, recording(codec, &pictures)).unwrap();
        // Bytes, times and flags as ffprobe sees them, start codes being as long as lengths.
        compare_packets(&path, 0.0011, true, 0.0);
        let demuxer = open_path(&path).unwrap();
        let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap().clone();
        assert_eq!((video.tag.to_string(), video.size), (tag.to_owned(), Size::new(192, 108)));
        let read = samples(&*demuxer, 1);
        assert_eq!(read.len(), original.len());
        for (read, original) in read.iter().zip(&original) {
            let (read, original) = (read.payload.load().unwrap(), original.payload.load().unwrap());
            assert!(read.ends_with(&original), "lengths stand where start codes stood");
        }
    }
}

/// Some writers mark no frame of sound as a key frame, or give each a reference to the one before.
#[test]
fn sound_can_be_decoded_from_any_packet() {
    let path = scratch("keys").join("sound.mka");
    for codec in ["aac", "libvorbis"] {
        if generate(&[TONE], &["-c:a", codec], &path).is_none() {
            continue;
        }
        let mut file = std::fs::read(&path).unwrap();
        let demuxer = open_path(&path).unwrap();
        for sample in samples(&*demuxer, 1) {
            // The flags of a block stand in front of its frame.
            let flags = usize::try_from(sample.payload.source_offset().unwrap()).unwrap() - 1;
            file[flags] &= 0x7F;
        }
        std::fs::write(&path, file).unwrap();
        let demuxer = open_path(&path).unwrap();
        assert!(samples(&*demuxer, 1).iter().all(|sample| sample.flags.sync), "{codec}");
        let theirs = foreign::packets(&path, 0).unwrap();
        assert!(theirs.iter().all(|packet| packet.key), "{codec}");
    }
}
