//! Films with a track for each channel of sound.

use std::path::{Path, PathBuf};

use reelwright::media::{Channel, MediaType, Omitted};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Overwrite, Preset};

use reelwright_bmff::{BoxRef, Writer};

use crate::folder::Folder;
use crate::foreign;
use crate::made::{changed, ffmpeg, numbers, remux, stbl};

/// A mono track for each channel of the layout, each of another loudness: the first of a tenth of full scale, the next of
/// two tenths, ...
fn split(folder: &Folder, name: &str, layout: &str, codec: &str, order: &[usize]) -> Option<PathBuf> {
    let path = folder.file(name);
    let tones = order.iter().map(|index| format!("{}*sin(2*PI*60*t)", (index + 1) as f64 / 10.0));
    let tones = tones.collect::<Vec<_>>().join("|");
    let source = format!("aevalsrc={tones}:s=48000:d=1:c={layout}");
    let outputs: Vec<_> = order.iter().map(|index| format!("[c{index}]")).collect();
    let graph = format!("[0:a]channelsplit=channel_layout={layout}{}", outputs.concat());
    let maps: Vec<_> = outputs.iter().flat_map(|output| ["-map", output.as_str()]).collect();
    let inputs = ["-f", "lavfi", "-i", &source, "-filter_complex", &graph];
    ffmpeg(&path, &[&inputs[..], &maps, &["-c:a", codec, "-disposition:a", "default"]].concat())
        .then_some(path)
}

/// The peak of every channel that ffmpeg decodes, in tenths of full scale, a moment after the start.
fn peaks(path: &Path, channels: usize) -> Vec<f32> {
    let samples = foreign::ffmpeg(path, &["-map", "0:a:0", "-f", "f32le"]).unwrap();
    let samples: Vec<f32> =
        samples.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let middle = &samples[samples.len() / 4..samples.len() / 4 * 3];
    let middle = &middle[..middle.len() / channels * channels];
    let first = (samples.len() / 4).next_multiple_of(channels) - samples.len() / 4;
    let peak = |channel: usize| {
        let own = middle[first + channel..].iter().step_by(channels);
        own.fold(0f32, |peak, value| peak.max(value.abs())) * 10.0
    };
    (0..channels).map(peak).collect()
}

fn near(found: &[f32], expected: &[f32]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.15)
}

#[test]
fn labelled_tracks_make_the_layout_they_are_of() {
    let folder = Folder::new("labels");
    let copy = folder.file("copy.mp4");
    let cases: [(&str, &str, &[usize], &[f32]); 3] = [
        ("stereo", "pcm_s16le", &[0, 1], &[1.0, 2.0]),
        ("5.1(side)", "pcm_s16le", &[0, 1, 2, 3, 4, 5], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("5.1", "pcm_s24le", &[0, 1, 2, 3, 4, 5], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    ];
    for (layout, codec, order, expected) in cases {
        let Some(source) = split(&folder, "source.mov", layout, codec, order) else { return };
        let mut options = ExportOptions::new(Preset::HighestQuality).overwrite(Overwrite::Replace);
        options.audio.as_encode_mut().unwrap().max_channels = 6;
        ExportSession::new(&Asset::open(&source).unwrap(), options).export(&copy, FileType::Mp4).unwrap();
        let channels = foreign::table(&copy, "stream=channels").unwrap();
        assert_eq!(channels, [expected.len().to_string()], "{layout}");
        let found = peaks(&copy, expected.len());
        assert!(near(&found, expected), "{layout}: {found:?}");
    }
}

/// One of them alone is as loud as it was, and two without labels are one sound.
#[test]
fn what_makes_no_layout_stays_mono() {
    let folder = Folder::new("alone");
    let (source, copy) = (folder.file("alone.mov"), folder.file("copy.mp4"));
    let Some(pair) = split(&folder, "pair.mov", "stereo", "pcm_s16le", &[0, 1]) else { return };
    assert!(ffmpeg(&source, &["-i", pair.to_str().unwrap(), "-map", "0:a:1", "-c", "copy"]));
    let layout = |path: &Path| {
        let movie = Asset::open(path).unwrap().movie().clone();
        let sound = movie.tracks.iter().filter(|track| track.media == MediaType::Audio);
        let layouts = sound.map(|track| track.formats[0].as_audio().unwrap().layout.clone().unwrap());
        layouts.map(|layout| layout.channels().to_vec()).collect::<Vec<_>>()
    };
    let export = |source: &Path| {
        let options = ExportOptions::new(Preset::HighestQuality).overwrite(Overwrite::Replace);
        ExportSession::new(&Asset::open(source).unwrap(), options).export(&copy, FileType::Mp4).unwrap();
    };
    assert_eq!(layout(&source), [[Channel::Right]]);
    export(&source);
    assert!(near(&peaks(&copy, 1), &[2.0]), "{:?}", peaks(&copy, 1));
    let tones = ["-f", "lavfi", "-i", "aevalsrc=0.1*sin(2*PI*60*t):s=48000:d=1:c=mono"];
    let twice = ["-map", "0", "-map", "0", "-c:a", "pcm_s16le", "-disposition:a", "default"];
    assert!(ffmpeg(&source, &[&tones[..], &twice].concat()));
    // Not alternatives to each other, as ffmpeg says.
    let mut file = std::fs::read(&source).unwrap();
    let headers: Vec<_> = (0..file.len() - 4).filter(|at| &file[*at..at + 4] == b"tkhd").collect();
    headers.iter().for_each(|place| file[place + 38..place + 40].fill(0));
    std::fs::write(&source, file).unwrap();
    export(&source);
    assert!(near(&peaks(&copy, 1), &[2.0]), "{:?}", peaks(&copy, 1));
}

/// Labels stay in MOV, in MP4 where it has a place for them; where not, that is said.
#[test]
fn labels_are_kept_or_said_to_be_lost() {
    let folder = Folder::new("kept");
    let (film, copy) = (folder.file("copy.mov"), folder.file("copy.mp4"));
    let labels = |path: &Path| {
        let movie = Asset::open(path).unwrap().movie().clone();
        let layout =
            |track: &reelwright::media::Track| track.formats[0].as_audio().unwrap().layout.clone().unwrap();
        movie.tracks.iter().map(|track| layout(track).channels()[0]).collect::<Vec<_>>()
    };
    let pair = [Channel::Left, Channel::Right];
    let Some(source) = split(&folder, "source.mov", "stereo", "pcm_s16le", &[0, 1]) else { return };
    remux(&source, &film, FileType::Mov);
    remux(&source, &copy, FileType::Mp4);
    assert_eq!(
        (labels(&source), labels(&film), labels(&copy)),
        (pair.to_vec(), pair.to_vec(), pair.to_vec())
    );
    // Compressed, and labelled by bits.
    assert!(ffmpeg(&source, &["-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "aac"]));
    let file = std::fs::read(&source).unwrap();
    let labelled = |found: &BoxRef<'_>| {
        let mut entry = found.bytes()[16..].to_vec();
        // Only the first is read; ffmpeg writes one that says mono, or none.
        if let Some(place) = entry.windows(4).position(|four| four == b"chan") {
            entry[place..place + 4].copy_from_slice(b"free");
        }
        entry.extend(numbers(b"chan", &[0x1_0000, 1, 0]));
        let size = u32::try_from(entry.len()).unwrap();
        entry[..4].copy_from_slice(&size.to_be_bytes());
        let mut w = Writer::new();
        w.full_box(b"stsd", 0, 0, |w| {
            w.u32(1);
            w.bytes(&entry);
        });
        w.into_bytes()
    };
    std::fs::write(&source, changed(&file, &stbl(b"stsd"), labelled)).unwrap();
    remux(&source, &film, FileType::Mov);
    assert_eq!((labels(&source), labels(&film)), (vec![Channel::Left], vec![Channel::Left]));
    let session = ExportSession::new(&Asset::open(&source).unwrap(), Preset::Passthrough);
    let plan = session.plan(FileType::Mp4).unwrap();
    let lost: Vec<_> = plan.omissions().map(|omission| (&omission.what, omission.track)).collect();
    assert!(lost.len() == 1 && lost.iter().all(|(what, _)| matches!(what, Omitted::SideData(_))), "{lost:?}");
    assert_eq!(session.plan(FileType::Mov).unwrap().omissions().count(), 0);
}
