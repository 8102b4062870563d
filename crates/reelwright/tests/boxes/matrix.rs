//! Matrices that leave nothing of a picture.

use reelwright::media::Matrix;
use reelwright::{Asset, FileType};
use reelwright_bmff::{BoxRef, MovieHeader, TrackHeader, Writer};

use crate::folder::Folder;
use crate::made::{changed, pictures, remux};

fn with_matrix(found: &BoxRef<'_>, matrix: Matrix) -> Vec<u8> {
    let mut w = Writer::new();
    match found.is(b"mvhd") {
        true => w.put(&MovieHeader { matrix, ..found.read().unwrap() }),
        false => w.put(&TrackHeader { matrix, ..found.read().unwrap() }),
    }
    w.into_bytes()
}

#[test]
fn a_matrix_that_leaves_nothing_of_a_picture_is_taken_for_none() {
    let folder = Folder::new("matrix");
    let (plain, source, copy) =
        (folder.file("plain.mov"), folder.file("source.mov"), folder.file("copy.mp4"));
    if !pictures(&plain, &[]) {
        return;
    }
    let file = std::fs::read(&plain).unwrap();
    let one = 0x1_0000;
    let unscaled = Matrix([0, one, 0, -one, 0, 0, 240 * one, 0, 0]);
    let turned = Matrix([0, one, 0, -one, 0, 0, 240 * one, 0, 0x4000_0000]);
    let line = Matrix([one, 0, 0, one, 0, 0, 0, 0, 0x4000_0000]);
    for (stored, meant) in [
        (Matrix([0; 9]), Matrix::IDENTITY),
        (line, Matrix::IDENTITY),
        (Matrix([0, 0, 0, 0, 0, 0, 7 * one, 0, 0x4000_0000]), Matrix::IDENTITY),
        (unscaled, turned),
        (turned, turned),
    ] {
        for path in [&[b"moov", b"mvhd"][..], &[b"moov", b"trak", b"tkhd"]] {
            let bytes = changed(&file, path, |found| with_matrix(found, stored));
            std::fs::write(&source, bytes).unwrap();
            remux(&source, &copy, FileType::Mp4);
            for path in [&source, &copy] {
                let movie = Asset::open(path).unwrap().movie().clone();
                let found = movie.tracks[0].matrix.then(&movie.matrix);
                assert_eq!(found, meant, "{stored:?} of {}", path.display());
            }
        }
    }
}
