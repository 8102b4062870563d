use std::path::{Path, PathBuf};
use std::process::Command;

use reelwright::codec::VideoEncoderSettings;
use reelwright::media::{Ratio, Size, Time, TimeRange, VideoCodec, VideoFrame};
use reelwright::{
    Asset, AssetWriter, ExportOptions, ExportSession, FileType, InputConfig, Overwrite, Preset,
};
use reelwright_process::pattern::TestPicture;

use super::{Folder, foreign, lost};

/// A film with captions in its SEI messages.
fn found() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media/h264_frag_cea608_sei.mp4")
}

/// Three seconds at 30 pictures a second, each with a pair of CTA-608 bytes: a caption appears every second. Stored with B
/// pictures, so that pictures and their captions come in another order than they are shown.
fn film(folder: &Folder) -> Option<PathBuf> {
    let path = folder.file("said.mp4");
    let settings = VideoEncoderSettings::new(VideoCodec::H264, SIZE);
    let mut builder = AssetWriter::create(&path, FileType::Mp4).overwrite(Overwrite::Replace);
    let mut input = builder.add_input(InputConfig::encode_video(settings)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let pattern = TestPicture::new(SIZE);
    for (number, pair) in (0..).zip(pairs()) {
        let (pts, mut pixels) = (Time::frames(number.into(), 30), pattern.frame(number));
        // Field 1 of CTA-608, valid.
        pixels.closed_captions = Some(vec![0xFC, pair[0], pair[1]].into());
        input.append(VideoFrame { pixels, pts, duration: Some(Time::frames(1, 30)) }).unwrap();
    }
    input.finish().unwrap();
    writer.finish().unwrap();
    let x264 = ["-i", path.to_str().unwrap(), "-c:v", "libx264", "-bf", "3", "-preset", "ultrafast"];
    super::made(folder, "film.mp4", &[&x264[..], &["-x264-params", "bframes=3:b-adapt=0"]].concat())
}

const SIZE: Size = Size::new(320, 240);

/// Pop-on captions (CTA-608, 7): load, place, text, show, each command twice; then nothing until the next second.
fn pairs() -> Vec<[u8; 2]> {
    let mut out = Vec::new();
    for words in ["FIRST WORDS", "SECOND WORDS", "LAST WORDS"] {
        let until = out.len() + 30;
        let text = words.as_bytes().chunks(2).map(|two| [two[0], *two.get(1).unwrap_or(&0)]);
        let command = |pair: [u8; 2]| [pair, pair];
        out.extend(command([0x14, 0x20]).into_iter().chain(command([0x14, 0x60])).chain(text));
        out.extend(command([0x14, 0x2F]));
        out.resize(until, [0, 0]);
    }
    let odd = |byte: u8| byte | if byte.count_ones().is_multiple_of(2) { 0x80 } else { 0 };
    out.into_iter().map(|pair| pair.map(odd)).collect()
}

fn export(input: &Path, output: &Path, preset: &str, change: impl FnOnce(&mut ExportOptions)) {
    let mut options = ExportOptions::new(preset.parse::<Preset>().unwrap());
    (options.overwrite, options.reencode) = (Overwrite::Replace, true);
    change(&mut options);
    let session =
        ExportSession::new(&Asset::open(input).unwrap(), options).registry(reelwright::all_codecs());
    let kind =
        if output.extension().is_some_and(|name| name == "mov") { FileType::Mov } else { FileType::Mp4 };
    session.export(output, kind).unwrap();
}

/// When the pictures are shown that ffprobe finds captions with.
fn captioned(path: &Path) -> Option<Vec<String>> {
    let entries = "frame=pts_time:frame_side_data=side_data_type";
    let said =
        foreign::ffprobe(path, &["-select_streams", "v", "-show_entries", entries, "-of", "compact=nk=1"])?;
    let said = said.iter().filter(|line| line.contains("A53"));
    Some(said.map(|line| line.split('|').nth(1).unwrap().to_owned()).collect())
}

/// The text of the captions as ffmpeg understands them.
fn text(path: &Path) -> Option<String> {
    let graph = format!("movie={}[out+subcc]", path.display());
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "quiet", "-f", "lavfi", "-i", &graph, "-map", "0:1", "-c:s", "srt", "-f", "srt", "-"]);
    let Ok(output) = command.output() else {
        reelwright_judges::skip!("no ffmpeg");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    // The words, without numbers and times.
    let words = text.lines().filter(|line| !line.contains("-->") && line.parse::<u32>().is_err());
    Some(words.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

#[test]
fn captions_travel_with_their_pictures() {
    let folder = Folder::new("captions");
    let Some(film) = film(&folder) else { return };
    for film in [film, found()] {
        let output = folder.file("out.mp4");
        export(&film, &output, "640x480", |_| {});
        let (Some(wanted), Some(found)) = (captioned(&film), captioned(&output)) else { return };
        assert!(!wanted.is_empty());
        assert_eq!(found, wanted);
        let (wanted, found) = (text(&film).unwrap(), text(&output).unwrap());
        assert!(wanted.len() > 20, "{wanted}");
        assert_eq!(found, wanted);
        assert_eq!(lost(&film, "640x480"), Vec::<String>::new());
    }
}

#[test]
fn what_pictures_left_out_said_the_next_one_says() {
    let folder = Folder::new("captions-rate");
    let Some(film) = film(&folder) else { return };
    let (Some(wanted), output) = (text(&film), folder.file("out.mp4")) else { return };
    for words in ["FIRST WORDS", "SECOND WORDS", "LAST WORDS"] {
        assert!(wanted.contains(words), "{wanted}");
    }
    for rate in [15, 60] {
        export(&film, &output, "640x480", |options| {
            options.video.as_encode_mut().unwrap().frame_rate = Ratio::new(rate, 1);
        });
        assert_eq!(text(&output).unwrap(), wanted, "{rate} pictures a second");
    }
}

#[test]
fn a_cut_has_the_captions_of_its_pictures() {
    let folder = Folder::new("captions-cut");
    let (Some(film), output) = (film(&folder), folder.file("out.mp4")) else { return };
    let range = TimeRange::between(Time::from_secs(1), Time::from_secs(2));
    export(&film, &output, "640x480", |options| options.range = Some(range));
    let Some(found) = captioned(&output) else { return };
    assert_eq!(found.len(), 30);
    // The first caption was loaded before, and shows for a while; the second is all there.
    let said = text(&output).unwrap();
    assert!(said.contains("SECOND WORDS") && !said.contains("LAST"), "{said}");
}

#[cfg(feature = "libav")]
#[test]
fn other_codecs_carry_them_or_say_that_they_are_lost() {
    let folder = Folder::new("captions-codecs");
    let Some(film) = film(&folder) else { return };
    let Some(wanted) = text(&film) else { return };
    let mpeg2 = ["-i", film.to_str().unwrap(), "-map", "0:v", "-c:v", "mpeg2video", "-q:v", "4", "-bf", "2"];
    let Some(mpeg2) = super::made(&folder, "mpeg2.ts", &mpeg2) else { return };
    for input in [&film, &mpeg2] {
        for (preset, name) in [("hevc-1920x1080", "hevc.mp4"), ("640x480", "x264.mp4")] {
            let output = folder.file(name);
            export(input, &output, preset, |_| {});
            assert_eq!(captioned(&output).unwrap().len(), 90, "{} {preset}", input.display());
            assert_eq!(text(&output).unwrap(), wanted, "{} {preset}", input.display());
        }
        assert_eq!(lost(input, "prores-422"), ["the closed captions in its pictures are"]);
    }
}
