//! What each preset makes, and what it says where it makes nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bytes::Bytes;
use reelwright::codec::{Codec, EncoderInfo, Registry};
use reelwright::media::{
    ErrorKind, Language, MediaType, MetadataItem, MetadataKey, MetadataValue, Size, VideoCodec,
};
use reelwright::{
    Asset, ExportOptions, ExportSession, FileType, MetadataPolicy, Preset, Reason, Remux, Report, SizeClass,
    TestSound,
};
use reelwright_bmff::boxes;

use super::hooked::{native, native_and};
use super::{Folder, generated};

/// Runs a foreign tool; `None`, said loudly, where it isn't installed or was built without the encoder that is asked for.
pub(crate) fn foreign(tool: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(tool).args(["-v", "error"]).args(arguments).output() {
        Ok(output) if output.status.success() => Some(output),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("Unknown encoder"), "{tool} {arguments:?}: {said}");
            reelwright_judges::skip!("{tool}: {said}");
            None
        }
        Err(_) => {
            reelwright_judges::skip!("{tool} is not installed");
            None
        }
    }
}

/// Makes a source with ffmpeg from its test pattern.
pub(crate) fn made(path: &Path, size: &str, frames: &str, codec: &[&str]) -> Option<Asset> {
    let pattern = format!("testsrc2=size={size}:rate=30");
    let path_text = path.to_str().unwrap();
    let arguments = [&["-f", "lavfi", "-i", &pattern, "-frames:v", frames][..], codec, &["-y", path_text]];
    foreign("ffmpeg", &arguments.concat())?;
    Some(Asset::open(path).unwrap())
}

pub(crate) const X264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/// Ten bits, BT.2020, HLG.
pub(crate) fn hlg(path: &Path, size: &str) -> Option<Asset> {
    let tags = "log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc";
    let codec = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"];
    let tagged = [&codec[..], &["-x265-params", tags]].concat();
    let asset = made(path, size, "1", &tagged)?;
    assert!(asset.movie().tracks[0].formats[0].as_video().unwrap().color.is_hdr());
    Some(asset)
}

/// The first video stream's facts, in ffprobe's own order, with nothing to complain of.
pub(crate) fn probe(path: &Path, stream: &str, entries: &str) -> Option<Vec<String>> {
    let entries = format!("stream={entries}");
    let arguments = ["-select_streams", stream, "-show_entries", &entries, "-of", "csv=p=0"];
    let output = foreign("ffprobe", &[&arguments[..], &[path.to_str().unwrap()]].concat())?;
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.trim().split([',', '\n']).map(str::to_owned).collect())
}

fn export(asset: &Asset, options: impl Into<ExportOptions>, path: &Path, kind: FileType) -> Report {
    let options: ExportOptions = options.into();
    let options = options.overwrite(reelwright::Overwrite::Replace);
    ExportSession::new(asset, options).registry(native()).export(path, kind).unwrap()
}

#[test]
fn presets_without_an_encoder_are_absent_and_say_why() {
    let native = Preset::available_with(&native());
    assert_eq!(Preset::available(), native);
    assert!(native.contains(&Preset::AppleM4a) && native.contains(&Preset::H264(SizeClass::Uhd2160)));
    let hevc =
        [Preset::HevcHighestQuality, Preset::Hevc(SizeClass::Hd1080), Preset::Hevc(SizeClass::Uhd4320)];
    assert!(!native.contains(&Preset::Passthrough) && hevc.iter().all(|preset| !native.contains(preset)));
    let info = EncoderInfo {
        max_size: Some(Size::new(4096, 2304)),
        ..EncoderInfo::new("hevc", "HEVC", "test", Codec::Video(VideoCodec::Hevc))
    };
    let with_hevc = native_and(info);
    let more = Preset::available_with(&with_hevc);
    assert!(more.contains(&hevc[0]) && more.contains(&hevc[1]) && !more.contains(&hevc[2]));
    assert!(
        !more.contains(&Preset::Passthrough) && Preset::Passthrough.why_not_with(&Registry::new()).is_none()
    );
    for (registry, preset) in [(super::hooked::native(), hevc[0]), (with_hevc, hevc[2])] {
        let why = preset.why_not_with(&registry).unwrap();
        assert_eq!((why.kind(), why.code()), (ErrorKind::NoCodec, -11834));
        assert!(why.message().contains("HEVC"), "{why}");
    }
    assert_eq!(Preset::available_with(&Registry::new()), []);
}

#[test]
fn three_ways_to_be_of_no_use_give_three_reasons() {
    let folder = Folder::new("reasons");
    let silent = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::None);
    let unknown = "AVAssetExportPreset4711p".parse::<Preset>().unwrap_err();
    let plan = |preset: Preset| {
        let session = ExportSession::new(&silent, preset).registry(native());
        session.plan(preset.file_types()[0]).unwrap_err()
    };
    let (unavailable, unsuitable) = (plan(Preset::Hevc(SizeClass::Hd1080)), plan(Preset::AppleM4a));
    assert_eq!(
        [unknown.kind(), unavailable.kind(), unsuitable.kind()],
        [ErrorKind::Misuse, ErrorKind::NoCodec, ErrorKind::Unsupported]
    );
    assert!(unknown.message().contains("no preset named 'AVAssetExportPreset4711p'"), "{unknown}");
    assert!(unavailable.message().contains("HEVC"), "{unavailable}");
    assert!(unsuitable.message().contains("no track would be left"), "{unsuitable}");
}

#[test]
fn compatible_presets_are_those_an_asset_can_be_exported_with() {
    let folder = Folder::new("compatible");
    let both = generated(&folder.file("both.mov"), Size::new(64, 64), 1, TestSound::Pcm(1));
    let presets = Preset::compatible_with_codecs(&both, &native());
    assert_eq!(presets, Preset::available_with(&native()));
    for (number, preset) in presets.into_iter().enumerate() {
        let kind = preset.file_types()[0];
        export(&both, preset, &folder.file(&format!("{number}")), kind);
    }
    let sound = folder.file("sound.m4a");
    export(&both, Preset::AppleM4a, &sound, FileType::M4a);
    let sound = Asset::open(&sound).unwrap();
    assert_eq!(Preset::compatible_with_codecs(&sound, &native()), [Preset::AppleM4a]);
    assert_eq!(Preset::compatible_with(&sound), [Preset::AppleM4a]);
    let silent = generated(&folder.file("silent.mov"), Size::new(64, 64), 1, TestSound::None);
    let presets = Preset::compatible_with_codecs(&silent, &native());
    assert!(presets.contains(&Preset::LowQuality) && !presets.contains(&Preset::AppleM4a));
}

fn item(key: &str, value: &str) -> MetadataItem {
    let value = MetadataValue::Text(value.into());
    let key = MetadataKey::QuickTime(format!("com.apple.quicktime.{key}"));
    MetadataItem { key, value, language: Language::UNDETERMINED }
}

const TITLE: &str = "A title of its own";
const DATE: &str = "2021-07-09T08:07:06+0200";

#[test]
fn metadata_is_carried_over_or_replaced_by_nothing() {
    let folder = Folder::new("metadata");
    let (plain, source) = (folder.file("plain.mov"), folder.file("in.mov"));
    let plain = generated(&plain, Size::new(64, 64), 1, TestSound::Aac(1));
    let mut carried = vec![item("title", TITLE), item("creationdate", DATE)];
    carried.extend([item("artist", "Somebody"), item("location.ISO6709", "+47.3769+008.5417+408.0/")]);
    // Nothing of QuickTime's own has a place in MP4, unless it means what something there does.
    carried.push(item("camera.focal_length.35mm_equivalent", "26"));
    let metadata = MetadataPolicy::Replace(carried);
    let tagged = Remux { metadata, ..Remux::new(FileType::Mov) };
    tagged.to_path(&plain, &source).unwrap();
    let asset = Asset::open(&source).unwrap();
    for (preset, reencode) in [(Preset::Passthrough, false), (Preset::HighestQuality, true)] {
        for (name, kind) in [("out.mov", FileType::Mov), ("out.mp4", FileType::Mp4)] {
            let path = folder.file(name);
            let options = ExportOptions::new(preset).reencode(reencode);
            let report = export(&asset, options.clone(), &path, kind);
            let dropped: Vec<_> = report.omissions.iter().map(ToString::to_string).collect();
            match kind {
                FileType::Mov => assert!(dropped.is_empty(), "{dropped:?}"),
                _ => assert!(dropped.len() == 1 && dropped[0].contains("focal_length"), "{dropped:?}"),
            }
            let tags = || {
                let arguments = ["-show_entries", "format_tags:stream_tags", "-of", "json"];
                let output = foreign("ffprobe", &[&arguments[..], &[path.to_str().unwrap()]].concat())?;
                Some(String::from_utf8(output.stdout).unwrap())
            };
            let Some(text) = tags() else { return };
            for wanted in [TITLE, "2021-07-09", "Somebody", "+47.3769+008.5417"] {
                assert!(text.contains(wanted), "{preset} to {name}: {text}");
            }
            export(&asset, options.metadata(MetadataPolicy::Replace(vec![])), &path, kind);
            let text = tags().unwrap();
            assert!(!text.contains(TITLE) && !text.contains("2021-07-09"), "{preset} to {name}: {text}");
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(TITLE.len()).any(|window| window == TITLE.as_bytes()),
                "{preset} to {name}"
            );
        }
    }
}

/// The hash of every packet.
fn packets(path: &Path) -> Option<Vec<u8>> {
    let arguments = ["-i", path.to_str().unwrap(), "-map", "0", "-c", "copy", "-f", "framehash", "-"];
    Some(foreign("ffmpeg", &arguments)?.stdout)
}

#[test]
fn passthrough_copies_packets_and_says_what_it_leaves_out() {
    let folder = Folder::new("passthrough");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::Pcm(2));
    let copy = folder.file("copy.mov");
    export(&asset, Preset::Passthrough, &copy, FileType::Mov);
    let Some(wanted) = packets(&folder.file("in.mov")) else { return };
    assert_eq!(packets(&copy), Some(wanted));
    // Sound alone: the pictures have no place there, which is reported, or refused before anything is written.
    let asset = generated(&folder.file("aac.mov"), Size::new(64, 64), 1, TestSound::Aac(2));
    let report = export(&asset, Preset::Passthrough, &folder.file("sound.m4a"), FileType::M4a);
    let fates: Vec<_> = report.tracks.iter().map(|track| (track.fate, track.output.is_some())).collect();
    assert_eq!(fates, [("drop", false), ("copy", true)]);
    assert!(report.tracks[0].reason.to_string().contains("H.264"), "{}", report.tracks[0].reason);
    let options = ExportOptions::new(Preset::Passthrough).strict(true);
    let strict = |kind| ExportSession::new(&asset, options.clone()).export(folder.file("strict"), kind);
    let refusal = strict(FileType::M4a).unwrap_err();
    assert_eq!((refusal.code(), refusal.place().track), (-11838, Some(1)));
    assert!(!folder.file("strict").exists());
    strict(FileType::Mov).unwrap();
}

#[test]
fn a_phone_s_movie_becomes_mp4_packet_by_packet_and_its_odd_tracks_are_named() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let folder = Folder::new("phone");
    let path = folder.file("out.mp4");
    for (name, odd) in
        [("iphone_gps_h264.mov", 2), ("iphone_hdr_edit_list.mov", 2), ("iphone_dv84_hdr.mov", 3)]
    {
        let Ok(asset) = Asset::open(corpus.join(name)) else {
            reelwright_judges::skip!("{name} is not in ../shared/media");
            continue;
        };
        let report = export(&asset, Preset::Passthrough, &path, FileType::Mp4);
        for track in &report.tracks {
            let main = matches!(track.media, MediaType::Video | MediaType::Audio);
            assert_eq!(track.fate, if main { "copy" } else { "drop" }, "{name}: {track:?}");
            assert!(main || matches!(track.reason, Reason::Refused(_)), "{name}: {}", track.reason);
        }
        assert_eq!(report.tracks.iter().filter(|track| track.fate == "drop").count(), odd, "{name}");
        // Pictures and sound as the source has them, whatever order the tracks are in.
        let hashes = |path: &Path| {
            let input = ["-i", path.to_str().unwrap(), "-map", "0:v", "-map", "0:a", "-c", "copy"];
            let output = foreign("ffmpeg", &[&input[..], &["-f", "framehash", "-"]].concat())?;
            let text = String::from_utf8(output.stdout).unwrap();
            let packets = text.lines().filter(|line| !line.starts_with('#'));
            let fields = packets.map(|line| line.rsplit(',').take(2).map(str::to_owned).collect::<Vec<_>>());
            Some(fields.collect::<Vec<_>>())
        };
        let Some(wanted) = hashes(&corpus.join(name)) else { return };
        assert!(hashes(&path).unwrap() == wanted, "{name}");
    }
}

#[test]
fn the_kinds_of_file_an_export_can_make_are_told_by_the_asset() {
    let folder = Folder::new("kinds");
    let kinds = |asset: &Asset, preset| {
        let options = ExportOptions::new(preset).strict(true);
        ExportSession::new(asset, options).registry(native()).compatible_file_types()
    };
    let movie = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::Aac(2));
    assert_eq!(kinds(&movie, Preset::Passthrough), [FileType::Mov, FileType::Mp4, FileType::M4v]);
    assert_eq!(kinds(&movie, Preset::AppleM4a), [FileType::M4a, FileType::M4b]);
    assert_eq!(kinds(&movie, Preset::Hevc(SizeClass::Hd1080)), []);
    let prores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media/prores_gray_aac.mov");
    match Asset::open(prores) {
        Ok(prores) => assert_eq!(kinds(&prores, Preset::Passthrough), [FileType::Mov]),
        Err(_) => reelwright_judges::skip!("prores_gray_aac.mov is not in ../shared/media"),
    }
}

#[test]
fn an_m4a_is_aac_alone_with_brand_edit_list_and_roll_group() {
    let folder = Folder::new("m4a");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::Pcm(2));
    let path = folder.file("out.m4a");
    export(&asset, Preset::AppleM4a, &path, FileType::M4a);
    let bytes = Bytes::from(std::fs::read(&path).unwrap());
    assert_eq!(&bytes[4..12], b"ftypM4A ");
    let moov = boxes(&bytes).find(b"moov").unwrap();
    assert_eq!(moov.children().flatten().filter(|child| child.is(b"trak")).count(), 1);
    let under = |path: &[&[u8; 4]]| {
        path.iter().fold(moov.clone(), |parent, kind| parent.children().find(*kind).unwrap())
    };
    under(&[b"trak", b"edts", b"elst"]);
    let groups = under(&[b"trak", b"mdia", b"minf", b"stbl", b"sgpd"]);
    // Behind the box's header and its version and flags.
    assert_eq!(&groups.bytes()[12..16], b"roll");
    let Some(facts) = probe(&path, "a", "codec_name,profile,sample_rate,channels") else { return };
    assert_eq!(facts, ["aac", "LC", "48000", "2"]);
    // One second and nothing of the encoder's delay. (FFmpeg 5.1 doesn't cut the last packet.)
    let decode = ["-i", path.to_str().unwrap(), "-f", "s16le", "-"];
    let frames = foreign("ffmpeg", &decode).unwrap().stdout.len() / 4;
    assert!((48_000..48_000 + 1024).contains(&frames), "{frames} frames");
}

#[test]
fn low_and_medium_are_small_sdr_and_multiples_of_eight() {
    let folder = Folder::new("small");
    let Some(asset) = hlg(&folder.file("in.mov"), "640x360") else { return };
    for (preset, width, height) in [(Preset::LowQuality, "224", "128"), (Preset::MediumQuality, "568", "320")]
    {
        let path = folder.file("out.mp4");
        export(&asset, preset, &path, FileType::Mp4);
        let Some(facts) = probe(&path, "v", FACTS) else { return };
        assert_eq!(facts, ["h264", width, height, "yuv420p", "bt709", "bt709", "bt709"], "{preset}");
    }
    // A picture of another shape fits the same boxes, and sound comes along.
    let asset = generated(&folder.file("square.mov"), Size::new(400, 400), 1, TestSound::Pcm(2));
    for (preset, side) in [(Preset::LowQuality, "144"), (Preset::MediumQuality, "360")] {
        let path = folder.file("out.mov");
        export(&asset, preset, &path, FileType::Mov);
        let Some(facts) = probe(&path, "v", "codec_name,width,height") else { return };
        assert_eq!(facts, ["h264", side, side], "{preset}");
        assert_eq!(probe(&path, "a", "codec_name").unwrap(), ["aac"]);
    }
}

const FACTS: &str = "codec_name,width,height,pix_fmt,color_space,color_transfer,color_primaries";

#[test]
fn pictures_are_scaled_into_the_preset_s_box_and_never_enlarged() {
    const BOXES: [(SizeClass, &str, &str); 5] = [
        (SizeClass::Sd480, "640", "480"),
        (SizeClass::Qhd540, "720", "540"),
        (SizeClass::Hd720, "960", "720"),
        (SizeClass::Hd1080, "1440", "1080"),
        (SizeClass::Uhd2160, "1600", "1200"),
    ];
    let folder = Folder::new("boxes");
    let Some(asset) = made(&folder.file("in.mov"), "1600x1200", "1", X264) else { return };
    let path = folder.file("out.mp4");
    for (class, width, height) in BOXES {
        let options = ExportOptions::new(Preset::H264(class)).reencode(true);
        export(&asset, options, &path, FileType::Mp4);
        let Some(facts) = probe(&path, "v", FACTS) else { return };
        assert_eq!(facts[..4], ["h264", width, height, "yuv420p"], "{class:?}");
    }
}

#[test]
fn hdr_becomes_sdr_in_the_boxes_of_h264() {
    let folder = Folder::new("tone");
    let Some(asset) = hlg(&folder.file("in.mov"), "800x450") else { return };
    let path = folder.file("out.mp4");
    for (class, width, height) in [
        (SizeClass::Sd480, "640", "360"),
        (SizeClass::Qhd540, "800", "450"),
        (SizeClass::Hd720, "800", "450"),
        (SizeClass::Hd1080, "800", "450"),
        (SizeClass::Uhd2160, "800", "450"),
    ] {
        export(&asset, Preset::H264(class), &path, FileType::Mp4);
        let Some(facts) = probe(&path, "v", FACTS) else { return };
        assert_eq!(facts, ["h264", width, height, "yuv420p", "bt709", "bt709", "bt709"], "{class:?}");
    }
}

#[test]
fn highest_quality_copies_what_complies_and_makes_high_of_the_rest() {
    let folder = Folder::new("highest");
    let asset = generated(&folder.file("in.mov"), Size::new(320, 180), 1, TestSound::Aac(2));
    let path: PathBuf = folder.file("out.mp4");
    export(&asset, Preset::HighestQuality, &path, FileType::Mp4);
    let hashes = |path: &Path| {
        let text = String::from_utf8(packets(path)?).unwrap();
        let hash = |line: &str| line.rsplit(',').next().unwrap().trim().to_owned();
        let mut hashes: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).map(hash).collect();
        hashes.sort();
        Some(hashes)
    };
    let Some(wanted) = hashes(&folder.file("in.mov")) else { return };
    assert_eq!(hashes(&path).unwrap(), wanted);
    // Ten bits are not what the preset makes.
    let ten = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-b:v", "400k"];
    let Some(asset) = made(&folder.file("ten.mov"), "320x180", "90", &ten) else { return };
    let report = export(&asset, Preset::HighestQuality, &path, FileType::Mp4);
    assert_eq!(report.tracks[0].fate, "encode");
    let facts = probe(&path, "v", "codec_name,profile,width,height,pix_fmt").unwrap();
    assert_eq!(facts, ["h264", "High", "320", "180", "yuv420p"]);
    let bytes = |asset: &Asset| asset.movie().tracks[0].byte_count.unwrap();
    let (before, after) = (bytes(&asset), bytes(&Asset::open(&path).unwrap()));
    assert!(after <= before, "{after} bytes of {before}");
}
