//! MP4 and QuickTime beside ffprobe and ffmpeg: every sample of the corpus, before edit lists.

#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::path::{Path, PathBuf};

use foreign::{corpus, ffprobe, generate, open_path, scratch};
use reelwright_formats::Demuxer;
use reelwright_media::{SampleBuffer, Time, Track};

/// Files, tracks and facts in which ffprobe sees something else, and why we are content.
const DIFFERENT: &[(&str, u32, &str, &str)] = &[
    ("annexb_in_mp4.mp4", 1, "size", "start codes of three and four bytes become lengths of four"),
    ("annexb_in_mp4.mp4", 1, "offset", "they do when a sample is read"),
    ("cbcs_hls.mp4", 1, "count", "ffprobe 5.1 stops at the second fragment's encryption boxes"),
    ("cbcs_hls.mp4", 2, "count", "ffprobe 5.1 stops at the second fragment's encryption boxes"),
    ("cbcs_hls.mp4", 2, "size", "ffmpeg takes caption bytes out of their 'cdat' box"),
    ("hls_c608.mp4", 2, "size", "ffmpeg takes caption bytes out of their 'cdat' box"),
    ("chapters_text_track.mp4", 3, "count", "ffmpeg keeps the chapter track to itself"),
    ("frag_avc3_overlap.mp4", 1, "discard", "ffmpeg hides what an overlapping fragment repeats"),
    ("frag_rot90_5_1.mp4", 1, "pts", "ffmpeg shifts negative offsets of fragments by the least of them"),
    ("ipcm_24le_avc.mp4", 2, "bytes", "ffmpeg 5.1 doesn't know 'ipcm'"),
    ("ipcm_24le_avc.mp4", 2, "pts", "ffmpeg 5.1 doesn't know 'ipcm'"),
];

/// A packet as ffprobe sees it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    pts: Option<i64>,
    dts: Option<i64>,
    size: u64,
    offset: u64,
    sync: bool,
    discarded: bool,
}

/// Stream index, track ID and packets of every stream, in ticks of the track.
fn seen(path: &Path) -> Option<Vec<(u32, Vec<Seen>)>> {
    let raw = ["-ignore_editlist", "1", "-fflags", "+nofillin+noparse"];
    let streams = ffprobe(path, &[&raw[..], &["-show_entries", "stream=index,id"]].concat())?;
    let mut tracks: Vec<(u32, Vec<Seen>)> = Vec::new();
    for row in streams {
        let id = row.get(1).and_then(|id| u32::from_str_radix(id.trim_start_matches("0x"), 16).ok());
        tracks.push((id.unwrap_or(0), Vec::new()));
    }
    let entries = ["-show_entries", "packet=stream_index,pts,dts,size,pos,flags"];
    for row in ffprobe(path, &[&raw[..], &entries].concat())? {
        let number = |index: usize| row.get(index).and_then(|cell| cell.parse::<i64>().ok());
        let Some((_, packets)) = number(0).and_then(|index| tracks.get_mut(usize::try_from(index).ok()?))
        else {
            continue;
        };
        packets.push(Seen {
            pts: number(1),
            dts: number(2),
            size: number(3).unwrap_or(0) as u64,
            offset: number(4).unwrap_or(-1) as u64,
            sync: row.get(5).is_some_and(|flags| flags.contains('K')),
            discarded: row.get(5).is_some_and(|flags| flags.contains('D')),
        });
    }
    Some(tracks)
}

/// Every sample up to the end or the first failure.
fn samples(demuxer: &dyn Demuxer, track: u32) -> (Vec<SampleBuffer>, Option<reelwright_media::Error>) {
    let mut cursor = demuxer.cursor(track).unwrap();
    let mut samples = Vec::new();
    loop {
        match cursor.next_sample() {
            Ok(Some(sample)) => samples.push(sample),
            Ok(None) => return (samples, None),
            Err(error) => return (samples, Some(error)),
        }
    }
}

/// What differs between a track and what ffprobe saw of it.
fn differences(track: &Track, fragmented: bool, ours: &[SampleBuffer], theirs: &[Seen]) -> Vec<String> {
    let mut wrong = Vec::new();
    let runs = ours.iter().any(|sample| {
        track.formats[0].as_audio().is_some_and(|a| a.bytes_per_packet > 0)
            && sample.duration.value()
                > i64::from(track.formats[0].as_audio().map_or(1, |a| a.frames_per_packet.max(1)))
    });
    if runs {
        return differences_of_runs(track, ours, theirs);
    }
    if ours.len() != theirs.len() {
        wrong.push(format!("count: ours {}, theirs {}", ours.len(), theirs.len()));
    }
    let shift = ours.first().zip(theirs.first()).and_then(|(a, b)| Some(a.dts.value() - b.dts?)).unwrap_or(0);
    let mut note = |what: &str, number: usize, ours: String, theirs: String| {
        if ours != theirs && !wrong.iter().any(|line: &String| line.starts_with(what)) {
            wrong.push(format!("{what}: sample {number}: ours {ours}, theirs {theirs}"));
        }
    };
    for (number, (our, their)) in ours.iter().zip(theirs).enumerate() {
        let optional = |value: Option<i64>, ours: i64| value.unwrap_or(ours).to_string();
        note("size", number, our.payload.len().to_string(), their.size.to_string());
        note(
            "offset",
            number,
            our.payload.source_offset().unwrap_or(0).to_string(),
            their.offset.to_string(),
        );
        note("pts", number, our.pts.value().to_string(), optional(their.pts, our.pts.value()));
        let dts = our.dts.value() - shift;
        note("dts", number, dts.to_string(), optional(their.dts, dts));
        if let Some(next) = ours.get(number + 1) {
            // Its end is where the next is decoded, which is compared in turn; fragments may overlap or leave gaps.
            let end = if fragmented { next.dts } else { our.dts.saturating_add(our.duration) };
            note("duration", number, end.value().to_string(), next.dts.value().to_string());
        }
        let sync = our.flags.sync || our.flags.partial_sync;
        note("sync", number, sync.to_string(), their.sync.to_string());
        note("discard", number, false.to_string(), their.discarded.to_string());
    }
    wrong
}

/// Sound in runs of frames: readers cut it where they like, so bytes and times are compared where packets begin.
fn differences_of_runs(track: &Track, ours: &[SampleBuffer], theirs: &[Seen]) -> Vec<String> {
    let mut wrong = Vec::new();
    let total = |lens: &mut dyn Iterator<Item = u64>| lens.sum::<u64>();
    let (a, b) =
        (total(&mut ours.iter().map(|s| s.payload.len())), total(&mut theirs.iter().map(|s| s.size)));
    if a != b {
        wrong.push(format!("bytes: ours {a}, theirs {b}"));
    }
    let audio = track.formats[0].as_audio().unwrap();
    let mut at = 0;
    for (number, their) in theirs.iter().enumerate() {
        let holds = |sample: &SampleBuffer| {
            let start = sample.payload.source_offset().unwrap_or(0);
            (start..start + sample.payload.len()).contains(&their.offset)
        };
        let Some(skip) = ours[at..].iter().position(holds) else {
            wrong.push(format!("offset: packet {number} at {} is in none of ours", their.offset));
            break;
        };
        at += skip;
        let our = &ours[at];
        let inside =
            (their.offset - our.payload.source_offset().unwrap_or(0)) / u64::from(audio.bytes_per_packet);
        let pts = our.pts.value() + (inside * u64::from(audio.frames_per_packet.max(1))) as i64;
        if their.pts.is_some_and(|theirs| theirs != pts) {
            wrong.push(format!("pts: packet {number}: ours {pts}, theirs {:?}", their.pts));
            break;
        }
    }
    wrong
}

fn files() -> Vec<PathBuf> {
    let Some(folder) = corpus() else { return Vec::new() };
    let kinds = ["mp4", "mov", "m4a", "m4s", "cmfv", "3gp"];
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| kinds.iter().any(|kind| e == *kind)));
    files.sort();
    files
}

#[test]
fn every_sample_of_the_corpus_is_where_and_when_ffprobe_sees_it() {
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let demuxer = match open_path(&path) {
            Ok(demuxer) => demuxer,
            Err(error) => {
                println!("{name}: {error:?}");
                continue;
            }
        };
        for warning in &demuxer.movie().warnings {
            println!("{name}: warning: {warning}");
        }
        let Some(theirs) = seen(&path) else { return };
        for track in &demuxer.movie().tracks {
            let (ours, error) = samples(&*demuxer, track.id);
            if let Some(error) = &error {
                println!("{name} track {}: {error:?}", track.id);
                assert_eq!(error.place().sample, Some(ours.len() as u64), "{name}");
            }
            let Some((_, theirs)) = theirs.iter().find(|(id, _)| *id == track.id) else {
                println!("{name}: track {} ({}) is no stream of ffprobe's", track.id, track.media);
                continue;
            };
            // A sample that is cut short is missing here and a short packet there.
            let theirs = if demuxer.missing(track.id).is_some() {
                &theirs[..theirs.len().min(ours.len())]
            } else {
                &theirs[..]
            };
            for difference in differences(track, demuxer.movie().fragmented, &ours, theirs) {
                let known = |entry: &&(&str, u32, &str, &str)| {
                    entry.0 == name && entry.1 == track.id && difference.starts_with(entry.2)
                };
                if !DIFFERENT.iter().any(|entry| known(&entry)) {
                    wrong.push(format!("{name} track {} {}: {difference}", track.id, track.media));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_an_edit_list_the_last_picture_shown_counts() {
    let path = scratch("late").join("late.mp4");
    let arguments = ["-c:v", "libx264", "-bf", "2", "-use_editlist", "0"];
    if generate(&["testsrc2=s=64x64:r=25:d=1"], &arguments, &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let [track] = &demuxer.movie().tracks[..] else { panic!("one track") };
    // Pictures are shown two later than they are decoded, and the media ends with the last decoded.
    assert_eq!(track.media_duration, Time::from_secs(1));
    assert_eq!(track.range.end(), Time::from_millis(1080));
    let said = ffprobe(&path, &["-show_entries", "stream=start_time,duration"]).unwrap();
    assert_eq!(said, [["0.080000", "1.000000"]]);
}

/// Chapters are on the movie's timeline, as the edit list of their track says.
#[test]
fn chapters_are_cut_by_their_edit_list() {
    let folder = scratch("chapters");
    let (list, path) = (folder.join("list.txt"), folder.join("chapters.mov"));
    let chapter =
        |start, title| format!("[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={}\ntitle={title}\n", start + 2);
    let text = format!(";FFMETADATA1\n{}{}{}", chapter(0, "One"), chapter(2, "Two"), chapter(4, "Three"));
    std::fs::write(&list, text).unwrap();
    let inputs = ["-f", "lavfi", "-i", "sine=d=6", "-i", list.to_str().unwrap(), "-map_metadata", "1"];
    let arguments = [&inputs[..], &["-c:a", "pcm_s16be", path.to_str().unwrap()]].concat();
    if foreign::ffmpeg(&arguments).is_none() {
        return;
    }
    let mut file = std::fs::read(&path).unwrap();
    // The edit of the second track, the chapters': from 3 s on, for 2.5 s, in milliseconds.
    let list = file.windows(4).rposition(|bytes| bytes == b"elst").unwrap();
    file[list + 12..list + 16].copy_from_slice(&2500u32.to_be_bytes());
    file[list + 16..list + 20].copy_from_slice(&3000u32.to_be_bytes());
    std::fs::write(&path, file).unwrap();
    let demuxer = open_path(&path).unwrap();
    let chapters = demuxer.movie().chapters.iter();
    let chapters: Vec<_> = chapters
        .map(|chapter| (chapter.range.start.to_string(), chapter.range.end().to_string(), &chapter.title[..]))
        .collect();
    let expected = [("0:00.000", "0:01.000", "Two"), ("0:01.000", "0:02.500", "Three")];
    assert_eq!(chapters, expected.map(|(start, end, title)| (start.into(), end.into(), title)));
}

/// iTunes' note of priming counts in an audio book as in a song: a track of chapters beside the sound changes nothing.
#[test]
fn priming_is_cut_off_beside_chapters() {
    let folder = scratch("book");
    let (list, path) = (folder.join("list.txt"), folder.join("book.m4a"));
    let text = ";FFMETADATA1\ntitle=Book\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=One\n";
    std::fs::write(&list, text).unwrap();
    let inputs = ["-f", "lavfi", "-i", "sine=d=0.999", "-i", list.to_str().unwrap(), "-map_metadata", "1"];
    let out = ["-c:a", "aac", "-use_editlist", "0", path.to_str().unwrap()];
    if foreign::ffmpeg(&[&inputs[..], &out].concat()).is_none() {
        return;
    }
    let boxed = |kind: &[u8], body: &[u8]| {
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes(), kind, body].concat()
    };
    let note = b"\0\0\0\x01\0\0\0\0 00000000 00000400 00000000 000000000000AC18 00000000";
    let named = [boxed(b"mean", b"\0\0\0\0com.apple.iTunes"), boxed(b"name", b"\0\0\0\0iTunSMPB")].concat();
    let item = boxed(b"----", &[named, boxed(b"data", note)].concat());
    // One more item at the end of the list; the index stands behind the media, so nothing else moves.
    let mut file = std::fs::read(&path).unwrap();
    let mut end = 0;
    for kind in [b"moov", b"udta", b"meta", b"ilst"] {
        let start = file.windows(4).rposition(|bytes| bytes == kind).unwrap() - 4;
        let size = u32::from_be_bytes(file[start..start + 4].try_into().unwrap());
        file[start..start + 4].copy_from_slice(&(size + u32::try_from(item.len()).unwrap()).to_be_bytes());
        end = start + usize::try_from(size).unwrap();
    }
    file.splice(end..end, item);
    std::fs::write(&path, file).unwrap();
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    assert_eq!((movie.tracks.len(), movie.chapters.len()), (2, 1));
    assert_eq!(movie.tracks[0].edits[0].media_time, Some(1024));
    assert_eq!(movie.tracks[0].range.duration, Time::from_millis(999));
}
