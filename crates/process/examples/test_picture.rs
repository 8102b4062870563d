//! Writes frames of the test picture to standard output, raw: `... test_picture 640 360 0 30 | ffplay -f rawvideo ...`.

use std::error::Error;
use std::io::Write;

use reelwright_media::Size;
use reelwright_process::pattern::TestPicture;

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [width, height, first, count] = numbers[..] else {
        return Err("width, height, first frame, frames".into());
    };
    let picture = TestPicture::new(Size::new(width, height));
    let mut out = std::io::stdout().lock();
    for number in first..first.saturating_add(count) {
        let frame = picture.frame(number);
        for (plane, rows) in frame.planes().iter().enumerate() {
            for y in 0..rows.rows {
                out.write_all(frame.row(plane, y))?;
            }
        }
    }
    Ok(())
}
