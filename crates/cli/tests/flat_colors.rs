//! Flat patches through `reel export`, scaled on the way: each comes out as the code value a foreign converter gives, plus
//! or minus one. BT.601, BT.709 and full range keep their tags; BT.2020 becomes BT.709, which `zscale` computes too.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const COLUMNS: usize = 8;
const ROWS: usize = 4;
/// Side of a patch in the source; half of it in the export.
const SIDE: usize = 80;

/// A colour as ffmpeg's options spell it.
struct Tags {
    name: &'static str,
    matrix: &'static str,
    primaries: &'static str,
    transfer: &'static str,
    full: bool,
    /// What has to be done to the source before it is compared, by a foreign converter.
    expected: &'static str,
}

const CASES: [Tags; 5] = [
    Tags {
        name: "601",
        matrix: "smpte170m",
        primaries: "smpte170m",
        transfer: "smpte170m",
        full: false,
        expected: "null",
    },
    Tags {
        name: "709",
        matrix: "bt709",
        primaries: "bt709",
        transfer: "bt709",
        full: false,
        expected: "null",
    },
    Tags {
        name: "709-full",
        matrix: "bt709",
        primaries: "bt709",
        transfer: "bt709",
        full: true,
        expected: "null",
    },
    Tags {
        name: "601-full",
        matrix: "smpte170m",
        primaries: "bt709",
        transfer: "bt709",
        full: true,
        expected: "null",
    },
    Tags {
        name: "2020",
        matrix: "bt2020nc",
        primaries: "bt2020",
        transfer: "bt2020-10",
        full: false,
        expected: "zscale=pin=2020:tin=2020_10:min=2020_ncl:rin=limited:p=709:t=709:m=709:r=limited:d=none",
    },
];

/// Patches of every brightness and of colours that are inside every gamut, as R'G'B'.
fn picture() -> Vec<u8> {
    let mut pixels = Vec::with_capacity(COLUMNS * ROWS * SIDE * SIDE * 3);
    for y in 0..ROWS * SIDE {
        for x in 0..COLUMNS * SIDE {
            let (column, row) = (x / SIDE, y / SIDE);
            let base = 30 + 26 * column;
            let tint = |channel: usize| if row == 0 { 0 } else { [18, 0, 9][(channel + row) % 3] };
            pixels.extend((0..3).map(|channel| u8::try_from(base + tint(channel)).unwrap()));
        }
    }
    pixels
}

/// Runs ffmpeg; what it prints, or `None` where it can't do it.
fn ffmpeg(command: &Path, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(command)
        .args(["-v", "error", "-y"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().ok()?;
    let _ = feeder.join();
    if !output.status.success() {
        reelwright_judges::skip!("ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(output.stdout)
}

/// Y', Cb and Cr in the middle of every patch of the first picture.
fn patches(command: &Path, file: &Path, filter: &str, full: bool, side: usize) -> Option<Vec<[u8; 3]>> {
    let format = if full { "yuvj420p" } else { "yuv420p" };
    let file = file.to_str().unwrap();
    let filter = format!("{filter},format={format}");
    let raw = ["-i", file, "-frames:v", "1", "-vf", &filter, "-f", "rawvideo", "-"];
    let bytes = ffmpeg(command, &raw, &[])?;
    let (width, height) = (COLUMNS * side, ROWS * side);
    let chroma = width * height;
    let at = |column: usize, row: usize| {
        let (x, y) = (column * side + side / 2, row * side + side / 2);
        let small = (y / 2) * (width / 2) + x / 2;
        [bytes[y * width + x], bytes[chroma + small], bytes[chroma + chroma / 4 + small]]
    };
    Some((0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| at(column, row))).collect())
}

/// A newer ffmpeg where it is at hand, since the system's may lack `zscale`.
fn newer() -> PathBuf {
    reelwright_judges::newer_ffmpeg().unwrap_or_else(|| "ffmpeg".into())
}

#[test]
fn flat_patches_keep_their_colour() {
    let folder = std::env::temp_dir().join(format!("reel-flat-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let command = newer();
    for tags in &CASES {
        let (source, output) = (folder.join("in.mp4"), folder.join("out.mp4"));
        let size = format!("{}x{}", COLUMNS * SIDE, ROWS * SIDE);
        let range = if tags.full { "pc" } else { "tv" };
        let filter = format!("scale=out_color_matrix={}:out_range={range},format=yuv420p", {
            if tags.matrix == "bt2020nc" { "bt2020" } else { tags.matrix }
        });
        let x264 = format!(
            "colorprim={}:transfer={}:colormatrix={}:range={range}",
            tags.primaries, tags.transfer, tags.matrix
        );
        let arguments = [
            &["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", &size, "-r", "25", "-i", "-", "-vf", &filter][..],
            &["-c:v", "libx264", "-qp", "2", "-x264-params", &x264, "-color_range", range],
            &["-colorspace", tags.matrix, "-color_primaries", tags.primaries, "-color_trc", tags.transfer],
            &[source.to_str().unwrap()],
        ]
        .concat();
        let Some(_) = ffmpeg(&command, &arguments, &picture().repeat(3)) else { return };
        let half = format!("{}x{}", COLUMNS * SIDE / 2, ROWS * SIDE / 2);
        let export = Command::new(env!("CARGO_BIN_EXE_reel"))
            .args(["export", "--quiet", "--overwrite", "--size", &half, "--video-bitrate", "8M"])
            .args([&source, &output])
            .output()
            .unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let before = patches(&command, &source, tags.expected, tags.full, SIDE).unwrap();
        let after = patches(&command, &output, "null", tags.full, SIDE / 2).unwrap();
        let apart = |(a, b): (&[u8; 3], &[u8; 3])| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max();
        let worst = before.iter().zip(&after).filter_map(apart).max().unwrap();
        eprintln!("{}: {} patches, at most {worst} code values apart", tags.name, before.len());
        assert!(worst <= 1, "{}:\n{before:?}\n{after:?}", tags.name);
    }
    let _ = std::fs::remove_dir_all(&folder);
}
