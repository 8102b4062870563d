//! Two providers in one program: neither takes anything from the other, nor decides without being asked.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

use reelwright::codec::{Codec, EncoderSpecification, Licence};
use reelwright::media::{ErrorKind, VideoCodec};
use reelwright::{all_codecs, registry};

#[test]
fn what_is_used_unasked_is_the_same_with_every_feature() {
    let unasked = registry();
    assert_eq!(unasked.providers().collect::<Vec<_>>(), ["native"]);
    assert!(unasked.encoders().all(|info| info.licence == Licence::Permissive));
    let encoder = |codec| unasked.select(Codec::Video(codec), &EncoderSpecification::new());
    assert_eq!(encoder(VideoCodec::H264).unwrap().encoder.id, "openh264");
    assert_eq!(encoder(VideoCodec::Hevc).unwrap_err().kind(), ErrorKind::NoCodec);
    assert!(unasked.decoders().any(|info| info.codec == Codec::Video(VideoCodec::Av1)));
    // Everything else comes after it, until a program says otherwise.
    assert_eq!(all_codecs().providers().next(), Some("native"));
    assert!(all_codecs().encoders().take(unasked.encoders().count()).eq(unasked.encoders()));
}

#[cfg(feature = "libav")]
mod both {
    use super::*;
    use reelwright::Asset;
    use reelwright::codec::Registry;

    #[test]
    fn the_system_s_codecs_go_first_where_they_are_preferred() {
        let any = EncoderSpecification::new();
        let h264 = |registry: Registry| registry.select(Codec::Video(VideoCodec::H264), &any).unwrap();
        assert_eq!(h264(all_codecs()).encoder.id, "openh264");
        assert_eq!(h264(all_codecs().prefer("libav").unwrap()).encoder.id, "libx264");
        assert_eq!(all_codecs().only("libav").unwrap().providers().collect::<Vec<_>>(), ["libav"]);
    }

    /// Every byte of every picture that is shown, and who decoded it.
    fn pictures(registry: &Registry) -> Option<(String, Vec<Vec<u8>>)> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media/av1_aac.mp4");
        let Ok(asset) = Asset::open(path) else {
            reelwright_judges::skip!("../shared/media is not there");
            return None;
        };
        let track = asset.movie().tracks.iter().find(|track| track.formats[0].as_video().is_some()).unwrap();
        let mut reader = asset.frames(track.id).registry(registry.clone()).open().unwrap();
        let mut pictures = Vec::new();
        for frame in &mut reader {
            let pixels = &frame.unwrap().pixels;
            let rows = (0..3).flat_map(|plane| (0..pixels.planes()[plane].rows).map(move |row| (plane, row)));
            pictures.push(rows.flat_map(|(plane, row)| pixels.row(plane, row).iter().copied()).collect());
        }
        Some((reader.decoder().unwrap().to_owned(), pictures))
    }

    #[test]
    fn av1_is_decoded_by_both_to_the_same_pictures() {
        // libdav1d first: its symbols must not be found in the other.
        let decode = |provider| pictures(&all_codecs().only(provider).unwrap());
        let (Some((system, theirs)), Some((native, ours))) = (decode("libav"), decode("native")) else {
            return;
        };
        assert_eq!((system.as_str(), native.as_str()), ("libdav1d", "av1"));
        assert!(ours.len() > 10 && ours == theirs, "{} and {} pictures", ours.len(), theirs.len());
    }

    /// A table of symbols of this very program, as readelf prints it.
    #[cfg(target_os = "linux")]
    fn symbols(table: &str) -> Option<Vec<String>> {
        let program = std::env::current_exe().unwrap();
        let output =
            std::process::Command::new("readelf").args(["--wide", table]).arg(program).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn no_symbol_of_libdav1d_is_exported() {
        let (Some(exported), Some(all)) = (symbols("--dyn-syms"), symbols("--symbols")) else {
            reelwright_judges::skip!("readelf is not here");
            return;
        };
        assert!(all.iter().any(|line| line.contains("re_rav1d")), "the decoder isn't in this program");
        let visible = |line: &&String| {
            let name = line.split_whitespace().last().unwrap_or_default();
            name.starts_with("dav1d_") && line.contains(" GLOBAL ") && !line.contains(" HIDDEN ")
        };
        let visible: Vec<_> = exported.iter().chain(&all).filter(visible).collect();
        assert!(visible.is_empty(), "{visible:#?}");
    }
}
