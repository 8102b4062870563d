//! What an export can't keep is in its plan, in its report, and fails where strictness is asked for.

use std::path::{Path, PathBuf};

use reelwright::media::{MediaType, Omitted};
use reelwright::{
    Asset, ExportOptions, ExportSession, Fate, FileType, Plan, Preset, Reason, Remux, Report, SizeClass,
};

use super::Folder;
use super::hooked::native;
use super::presets::foreign;

fn field(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field").join(name);
    if !path.exists() {
        reelwright_judges::skip!("{name} is not in ../shared/field");
        return None;
    }
    Some(path)
}

/// A picture and sounds that ffmpeg makes of its test sources.
fn made(path: &Path, sounds: &[&[&str]], more: &[&str]) -> Option<Asset> {
    let mut arguments = vec!["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1"];
    for _ in sounds {
        arguments.extend(["-f", "lavfi", "-i", "sine=d=1:r=48000"]);
    }
    let maps: Vec<_> = (0..=sounds.len()).map(|input| input.to_string()).collect();
    maps.iter().for_each(|map| arguments.extend(["-map", map]));
    arguments.extend(["-c:v", "libx264", "-pix_fmt", "yuv420p"]);
    sounds.iter().for_each(|sound| arguments.extend(*sound));
    arguments.extend(more);
    arguments.push(path.to_str().unwrap());
    foreign("ffmpeg", &arguments)?;
    Some(Asset::open(path).unwrap())
}

fn session(asset: &Asset, options: impl Into<ExportOptions>) -> ExportSession {
    ExportSession::new(asset, options).registry(native())
}

/// Plans and exports, and holds the report against the plan.
fn exported(asset: &Asset, options: impl Into<ExportOptions>, path: &Path) -> (Plan, Report) {
    let options: ExportOptions = options.into();
    let options = options.overwrite(reelwright::Overwrite::Replace);
    let plan = session(asset, options.clone()).plan(FileType::Mp4).unwrap();
    let report = session(asset, options).export(path, FileType::Mp4).unwrap();
    for (planned, done) in plan.tracks.iter().zip(&report.tracks) {
        assert_eq!((planned.fate.name(), &planned.reason), (done.fate, &done.reason));
        assert_eq!(planned.fate.is_output(), done.output.is_some(), "{planned:?}");
    }
    assert_eq!(plan.omissions().cloned().collect::<Vec<_>>(), report.omissions);
    (plan, report)
}

/// The sound of a file, by ffprobe: codec and whether players present it by default.
fn sounds(path: &Path) -> Option<Vec<String>> {
    let arguments = ["-select_streams", "a", "-show_entries", "stream=codec_name:stream_disposition=default"];
    let output = foreign("ffprobe", &[&arguments[..], &["-of", "csv=p=0", path.to_str()?]].concat())?;
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn sound_that_can_be_decoded_stands_in_for_sound_that_cant() {
    let folder = Folder::new("stand-in");
    let out = folder.file("out.mp4");
    let both = folder.file("both.mp4");
    let eac3 = made(&both, &[&["-c:a:0", "eac3"], &["-c:a:1", "aac"]], &["-disposition:a", "default"]);
    let files = ["f01_apac_first_aac_off.mov", "f01_dts_aac.mkv"];
    let assets = files.iter().filter_map(|name| Some(Asset::open(field(name)?).unwrap()));
    for asset in assets.chain(eac3) {
        let (plan, report) = exported(&asset, Preset::H264(SizeClass::Sd480), &out);
        let sound: Vec<_> = plan.tracks.iter().filter(|track| track.media == MediaType::Audio).collect();
        let [first, second] = sound[..] else { panic!("{plan:?}") };
        assert!(matches!(first.reason, Reason::Undecodable(_)), "{first:?}");
        assert!(second.fate.is_output(), "{second:?}");
        let lost = report.omissions.iter().find(|omission| omission.track == Some(first.source)).unwrap();
        assert_eq!(lost.what, Omitted::Track(MediaType::Audio));
        let Some(sounds) = sounds(&out) else { return };
        assert_eq!(sounds, ["aac,1"], "{:?}", asset.path());
    }
}

#[test]
fn another_language_is_an_alternative() {
    let folder = Folder::new("languages");
    let Some(path) = field("f03_two_lang.ts") else { return };
    let asset = Asset::open(path).unwrap();
    let (_, report) = exported(&asset, Preset::H264(SizeClass::Sd480), &folder.file("out.mp4"));
    assert_eq!(report.tracks[2].reason, Reason::Alternative);
}

#[test]
fn sound_that_none_can_decode_is_copied_not_mixed() {
    let folder = Folder::new("undecodable");
    let sounds = [&["-c:a", "eac3"][..], &[]];
    let Some(asset) = made(&folder.file("in.mp4"), &sounds, &["-disposition:a", "default"]) else { return };
    let (plan, _) = exported(&asset, Preset::H264(SizeClass::Sd480), &folder.file("out.mp4"));
    let [_, first, second] = &plan.tracks[..] else { panic!("{plan:?}") };
    assert!(matches!(first.fate, Fate::Copy) && matches!(second.fate, Fate::Drop), "{plan:?}");
    assert!(matches!(second.reason, Reason::Undecodable(_)), "{second:?}");
}

#[test]
fn a_copy_without_the_enabled_sound_enables_another() {
    let folder = Folder::new("enabled");
    let out = folder.file("out.mp4");
    let Some(path) = field("f01_apac_first_aac_off.mov") else { return };
    let asset = Asset::open(path).unwrap();
    Remux::new(FileType::Mp4).to_path(&asset, &out).unwrap();
    assert_eq!(sounds(&out).unwrap_or(vec!["aac,1".into()]), ["aac,1"]);
    // Beside an encode, too.
    let mut options = ExportOptions::new(Preset::H264(SizeClass::Sd480));
    options.reencode = true;
    options.audio = reelwright::Treatment::Copy;
    exported(&asset, options, &out);
    assert_eq!(sounds(&out).unwrap_or(vec!["aac,1".into()]), ["aac,1"]);
}

#[test]
fn hint_tracks_are_left_out_by_plan_and_report_alike() {
    let folder = Folder::new("hint");
    let Some(asset) = made(&folder.file("in.mov"), &[], &["-movflags", "rtphint"]) else { return };
    assert!(asset.movie().tracks.iter().any(|track| &track.handler.0 == b"hint"));
    let mut encoded = ExportOptions::new(Preset::H264(SizeClass::Sd480));
    encoded.reencode = true;
    for options in [Preset::Passthrough.into(), encoded] {
        let (plan, _) = exported(&asset, options.clone(), &folder.file("out.mp4"));
        let hint = plan.tracks.last().unwrap();
        assert!(matches!(hint.fate, Fate::Drop) && hint.reason == Reason::Hint, "{hint:?}");
        let strict = options.strict(true);
        let refusal = session(&asset, strict).export(folder.file("strict.mp4"), FileType::Mp4).unwrap_err();
        assert!(refusal.message().contains("hint track"), "{refusal}");
        assert!(!folder.file("strict.mp4").exists());
    }
}

#[test]
fn what_was_not_asked_for_is_no_loss() {
    let folder = Folder::new("unasked");
    let Some(path) = field("f38_truehd.mkv") else { return };
    let asset = Asset::open(path).unwrap();
    let strict = ExportOptions::new(Preset::Passthrough).strict(true);
    let refusal = session(&asset, strict.clone()).plan(FileType::Mp4).unwrap_err();
    assert!(refusal.message().contains("A_TRUEHD"), "{refusal}");
    let silent = strict.audio(reelwright::Treatment::Drop);
    let report = session(&asset, silent).export(folder.file("out.mp4"), FileType::Mp4).unwrap();
    assert_eq!(report.omissions, []);
}

/// Damage shows only when it is decoded: the file that was begun then goes.
#[test]
fn strict_exports_of_damaged_pictures_fail_and_leave_nothing() {
    let folder = Folder::new("strict-damage");
    let path = folder.file("in.mp4");
    let Some(asset) = made(&path, &[], &["-g", "5"]) else { return };
    let mut cursor = asset.cursor(1).unwrap();
    let sample = std::iter::from_fn(|| cursor.next_sample().unwrap()).nth(12).unwrap();
    let start = usize::try_from(sample.payload.source_offset().unwrap()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // The unit claims to be longer than the sample.
    bytes[start..start + 2].fill(0x7F);
    std::fs::write(&path, bytes).unwrap();
    let asset = Asset::open(&path).unwrap();
    let out = folder.file("out.mp4");
    let options = ExportOptions::new(Preset::H264(SizeClass::Sd480))
        .reencode(true)
        .overwrite(reelwright::Overwrite::Replace);
    let report = session(&asset, options.clone()).export(&out, FileType::Mp4).unwrap();
    assert!(!report.omissions.is_empty());
    std::fs::remove_file(&out).unwrap();
    let strict = options.strict(true);
    let refusal = session(&asset, strict).export(&out, FileType::Mp4).unwrap_err();
    assert!(refusal.message().contains("would be lost"), "{refusal}");
    assert_eq!(folder.names(), ["in.mp4"]);
}
