//! How a track is presented: when, how large and how fast.

use reelwright_media::{Edit, EditTimeline, Matrix, Movie, Ratio, Size, Time, Track, VideoFormat};

/// Where media time `time` (or what the first edit shows in its stead) is presented.
pub(crate) fn presented(movie: &Movie, track: &Track, time: Time) -> Time {
    let everything = EditTimeline::everything(movie.timescale);
    match EditTimeline::of(track, movie.timescale).spans(everything).first() {
        Some(span) if track.edits.iter().any(|edit| edit.media_time.is_some()) => {
            span.shown_at(time.max(span.media_start))
        }
        _ => time,
    }
}

/// The picture as displayed: clean aperture, pixel aspect and the matrix's stretch applied, then turned.
pub fn display_size(track: &Track) -> Option<Size> {
    let square = square_size(track.formats.first()?.as_video()?, &track.matrix);
    let quarter = track.matrix.orientation().is_some_and(|(rotation, _)| rotation.is_quarter());
    Some(if quarter { square.turned() } else { square })
}

/// The picture with square pixels, clean aperture and the matrix's stretch applied: what the output has to show.
pub(crate) fn square_size(format: &VideoFormat, matrix: &Matrix) -> Size {
    let seen = match format.clean_aperture.and_then(|aperture| aperture.rect(format.size)) {
        Some((_, _, width, height)) => Size::new(width, height),
        None => format.size,
    };
    let aspect = format.pixel_aspect.unwrap_or(Ratio::ONE);
    let width = (u64::from(seen.width) * u64::from(aspect.num) + u64::from(aspect.den) / 2)
        / u64::from(aspect.den.max(1));
    let width = (width as f64 * stretch(matrix)).round().min(f64::from(u32::MAX)) as u32;
    Size::new(width.clamp(1, 16_384), seen.height.max(1))
}

/// How much wider than high a matrix makes a square. 1 for all but a few old files, which state their pixels' shape so.
pub(crate) fn stretch(matrix: &Matrix) -> f64 {
    let length = |x: i32, y: i32| f64::from(x).hypot(f64::from(y));
    let [a, b, _, c, d, ..] = matrix.0;
    let stretch = length(a, b) / length(c, d);
    // Rotations by a few degrees are rounded; beyond 16 is nobody's pixel.
    if (stretch - 1.0).abs() > 0.01 && (1.0 / 16.0..=16.0).contains(&stretch) { stretch } else { 1.0 }
}

/// Frames per second on average: samples over media time.
pub fn average_frame_rate(track: &Track, samples: u64) -> Option<Ratio> {
    let ticks = track.media_duration.value();
    let (num, den) =
        (u128::from(samples) * u128::from(track.media_duration.scale().ticks()), u128::try_from(ticks).ok()?);
    if num == 0 || den == 0 {
        return None;
    }
    let divisor = gcd(num, den);
    let (mut num, mut den) = (num / divisor, den / divisor);
    while num > u128::from(u32::MAX) || den > u128::from(u32::MAX) {
        (num, den) = (num >> 1, den >> 1);
    }
    Ratio::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)
}

/// Whether the edit list does no more than hide priming or delay the start.
pub(crate) fn is_simple(edits: &[Edit]) -> bool {
    edits.iter().filter(|edit| edit.media_time.is_some()).count() <= 1
        && edits.iter().all(|edit| edit.media_time.is_none() || edit.rate == Edit::NORMAL_RATE)
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
