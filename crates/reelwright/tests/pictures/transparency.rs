#[cfg(feature = "libav")]
use std::path::Path;

use super::{Folder, encoded, foreign, lost, made};

/// Half-transparent orange, as ffmpeg's filter makes it.
const HALF: &str = "color=0xFF8000@0.5:s=64x48:r=10:d=0.5,format=rgba";

/// Alpha as ffmpeg decodes it, in the middle of every picture.
#[cfg(feature = "libav")]
fn alphas(path: &Path) -> Option<Vec<u8>> {
    let shown = ["-vf", "format=yuva444p,alphaextract", "-pix_fmt", "gray", "-f", "rawvideo"];
    let pixels = foreign::ffmpeg(path, &shown)?;
    Some(pixels.chunks_exact(64 * 48).map(|picture| picture[24 * 64 + 32]).collect())
}

#[test]
fn what_cannot_hold_it_says_so() {
    let folder = Folder::new("on-black");
    let png = ["-f", "lavfi", "-i", HALF, "-c:v", "png"];
    let Some(input) = made(&folder, "half.mov", &png) else { return };
    // There is no decoder for PNG in every build.
    if !reelwright::all_codecs().decoders().any(|decoder| decoder.id.contains("png")) {
        return;
    }
    let output = folder.file("black.mp4");
    encoded(&input, &output, "highest");
    assert_eq!(lost(&input, "highest"), ["its transparency is"]);
    let shown = ["-pix_fmt", "rgb24", "-f", "rawvideo"];
    let Some(pixels) = foreign::ffmpeg(&output, &shown) else { return };
    let middle = &pixels[(24 * 64 + 32) * 3..][..3];
    for (channel, wanted) in middle.iter().zip([128i16, 64, 0]) {
        assert!((i16::from(*channel) - wanted).abs() < 6, "{middle:?}");
    }
}

#[cfg(feature = "libav")]
#[test]
fn prores_4444_keeps_it_whatever_it_comes_in() {
    let folder = Folder::new("transparent");
    for (name, encoder) in [
        ("png.mov", &["-c:v", "png"][..]),
        ("deep.mov", &["-c:v", "png", "-pix_fmt", "rgba64be"]),
        ("animation.mov", &["-c:v", "qtrle", "-pix_fmt", "argb"]),
        ("4444.mov", &["-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"]),
    ] {
        let input = [&["-f", "lavfi", "-i", HALF], encoder].concat();
        let Some(input) = made(&folder, name, &input) else { continue };
        let output = folder.file(&format!("{name}-out.mov"));
        assert!(encoded(&input, &output, "prores-4444").settings.alpha, "{name}");
        assert_eq!(lost(&input, "prores-4444"), Vec::<String>::new(), "{name}");
        let Some(alphas) = alphas(&output) else { return };
        assert_eq!(alphas.len(), 5, "{name}");
        assert!(alphas.iter().all(|alpha| (126..=129).contains(alpha)), "{name}: {alphas:?}");
        assert_eq!(lost(&input, "prores-422"), ["its transparency is"], "{name}");
    }
}

#[cfg(feature = "libav")]
#[test]
fn opaque_pictures_get_none() {
    let folder = Folder::new("opaque");
    let input = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=0.5", "-c:v", "png", "-pix_fmt", "rgb24"];
    let Some(input) = made(&folder, "opaque.mov", &input) else { return };
    let output = folder.file("out.mov");
    assert!(!encoded(&input, &output, "prores-4444").settings.alpha);
    assert_eq!(lost(&input, "highest"), Vec::<String>::new());
    let said = foreign::table(&output, "stream=pix_fmt").unwrap();
    assert!(!said[0].contains("yuva"), "{said:?}");
}
