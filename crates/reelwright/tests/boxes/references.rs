//! References between tracks, where tracks are left out.

use std::path::Path;

use reelwright::media::MediaType;
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset};

use crate::folder::Folder;
use crate::foreign;
use crate::made::{ffmpeg, remux};

/// All references of the file, by kind and IDs.
fn references(path: &Path) -> Vec<(u32, String, Vec<u32>)> {
    let movie = Asset::open(path).unwrap().movie().clone();
    let all = movie.tracks.iter().flat_map(|track| {
        let id = track.id;
        track
            .references
            .iter()
            .map(move |reference| (id, reference.kind.to_string(), reference.tracks.clone()))
    });
    all.collect()
}

/// Pictures with timecode and chapters, and sound.
fn source(folder: &Folder, name: &str) -> Option<std::path::PathBuf> {
    let (facts, path) = (folder.file("facts"), folder.file(name));
    std::fs::write(&facts, ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=one\n")
        .unwrap();
    let pictures = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=440:d=2"];
    let more =
        ["-i", facts.to_str().unwrap(), "-map_metadata", "2", "-map", "0", "-map", "1", "-c:v", "libx264"];
    ffmpeg(&path, &[&pictures[..], &more, &["-c:a", "aac", "-timecode", "10:00:00:00"]].concat())
        .then_some(path)
}

#[test]
fn references_to_tracks_that_are_left_out_go_with_them() {
    let folder = Folder::new("references");
    let Some(source) = source(&folder, "source.mov") else { return };
    let named = references(&source);
    let kinds: Vec<_> = named.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert!(kinds.contains(&"tmcd") && kinds.contains(&"chap"), "{named:?}");
    // MP4 has no timecode; the chapters stay.
    let copy = folder.file("copy.mp4");
    remux(&source, &copy, FileType::Mp4);
    let ids: Vec<_> = Asset::open(&copy).unwrap().movie().tracks.iter().map(|track| track.id).collect();
    let found = references(&copy);
    assert!(
        found.iter().all(|(_, kind, tracks)| kind == "chap" && tracks.iter().all(|id| ids.contains(id))),
        "{found:?}"
    );
    assert_eq!(found.len(), named.iter().filter(|(_, kind, _)| kind == "chap").count());
    assert_eq!(
        foreign::ffprobe(&copy, &["-show_entries", "chapter_tags=title", "-of", "csv=p=0"]).unwrap(),
        ["one"]
    );
    // All that is kept is sound, copied as it is, encoded or cut.
    let copy = folder.file("copy.m4a");
    for reencode in [false, true] {
        let options =
            ExportOptions::new(Preset::AppleM4a).overwrite(reelwright::Overwrite::Replace).reencode(reencode);
        ExportSession::new(&Asset::open(&source).unwrap(), options).export(&copy, FileType::M4a).unwrap();
        let movie = Asset::open(&copy).unwrap().movie().clone();
        let found = references(&copy);
        // The sound has the chapters now; nothing points at the picture or its timecode.
        let text = movie.tracks.iter().find(|track| track.media == MediaType::Text).unwrap().id;
        assert!(found.iter().all(|(_, kind, tracks)| kind == "chap" && *tracks == [text]), "{found:?}");
        let titles = ["-show_entries", "chapter_tags=title", "-of", "csv=p=0"];
        assert_eq!(foreign::ffprobe(&copy, &titles).unwrap(), ["one"], "{reencode}");
    }
}
