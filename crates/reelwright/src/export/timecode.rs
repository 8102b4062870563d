use reelwright_media::{FormatDescription, Payload, Result, Rounding, SampleBuffer, Time, Timescale};

/// How a timecode track counts (QuickTime File Format, "Timecode sample description"). Drop-frame timecode leaves out
/// numbers where it is shown, not where it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimecodeFormat {
    /// Whether it starts again after a day.
    daily: bool,
    /// Whether it is a tape counter rather than hours, minutes, seconds and frames.
    counter: bool,
    timescale: Timescale,
    frame_duration: i64,
    /// Frames counted in a second, rounded up.
    frames: i64,
    drop: bool,
}

impl TimecodeFormat {
    /// What a sample entry `tmcd` or `tc64` says.
    fn read(format: &FormatDescription) -> Option<Self> {
        let FormatDescription::Data(data) = format else { return None };
        if !matches!(&data.tag.0, b"tmcd" | b"tc64") {
            return None;
        }
        let entry = &data.entry.as_ref()?.bytes;
        let number = |at: usize| Some(u32::from_be_bytes(entry.get(at..at + 4)?.try_into().ok()?));
        // Behind the header of the box, six zeros, the data reference and four more zeros.
        let flags = number(20)?;
        Some(Self {
            drop: flags & 1 != 0,
            daily: flags & 2 != 0,
            counter: flags & 8 != 0,
            timescale: Timescale::new(number(24)?)?,
            frame_duration: i64::from(number(28)?),
            frames: i64::from(*entry.get(32)?),
        })
    }

    /// The whole frames in `length`.
    fn frames_in(&self, length: Time) -> Option<i64> {
        let ticks = length.ticks_in(self.timescale, Rounding::Nearest)?;
        ticks.checked_div(self.frame_duration)
    }

    /// Frames of a day, in which drop-frame timecode leaves out two numbers (four at 60) in nine minutes of ten.
    fn day(&self) -> i64 {
        let all = self.frames.saturating_mul(24 * 3600);
        let left_out = if self.drop { self.frames / 30 * 2 * 9 * 6 * 24 } else { 0 };
        all.saturating_sub(left_out)
    }
}

/// Where `sample` is timecode, makes it say what it comes to at `start`, when it is cut to begin there. Anything else stays
/// as it is.
///
/// # Errors
///
/// Where the sample can't be read.
pub(super) fn count_on(sample: &mut SampleBuffer, start: Time) -> Result<()> {
    let Some(format) = TimecodeFormat::read(&sample.format).filter(|format| !format.counter) else {
        return Ok(());
    };
    let Some(frames) = format.frames_in(start.saturating_sub(sample.pts)) else { return Ok(()) };
    let counted = |stored: i64| match stored.saturating_add(frames) {
        sum if format.daily && stored >= 0 && format.day() > 0 => sum % format.day(),
        sum => sum,
    };
    let bytes = sample.payload.load()?;
    let stored = if let Ok(four) = <[u8; 4]>::try_from(&bytes[..]) {
        let counted = counted(i32::from_be_bytes(four).into());
        i32::try_from(counted).unwrap_or(i32::MAX).to_be_bytes().to_vec()
    } else if let Ok(eight) = <[u8; 8]>::try_from(&bytes[..]) {
        counted(i64::from_be_bytes(eight)).to_be_bytes().to_vec()
    } else {
        return Ok(());
    };
    sample.payload = Payload::from(stored);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use reelwright_media::{BoxFamily, DataFormat, FourCc, MediaType, SampleEntry, SampleFlags, Trim};

    use super::*;

    fn sample(tag: &[u8; 4], flags: u32, value: &[u8]) -> SampleBuffer {
        let mut entry = vec![0; 16];
        entry.extend([0; 4]);
        [flags, 30_000, 1001].iter().for_each(|number| entry.extend(number.to_be_bytes()));
        entry.extend([30, 0]);
        let entry = Some(SampleEntry { family: BoxFamily::QuickTime, bytes: entry.into() });
        let data = DataFormat { media: MediaType::Timecode, tag: FourCc::new(tag), entry };
        SampleBuffer {
            format: Arc::new(FormatDescription::Data(data)),
            payload: Payload::from(value.to_vec()),
            dts: Time::from_secs(5),
            pts: Time::from_secs(5),
            duration: Time::from_secs(100),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        }
    }

    fn after(mut sample: SampleBuffer, frames: i64) -> Vec<u8> {
        let start = sample.pts.saturating_add(Time::new(frames * 1001, Timescale::new(30_000).unwrap()));
        count_on(&mut sample, start).unwrap();
        sample.payload.load().unwrap().to_vec()
    }

    #[test]
    fn timecode_goes_on_from_where_it_was() {
        assert_eq!(after(sample(b"tmcd", 0, &100u32.to_be_bytes()), 45), 145u32.to_be_bytes());
        assert_eq!(after(sample(b"tc64", 1, &100u64.to_be_bytes()), 45), 145u64.to_be_bytes());
        assert_eq!(after(sample(b"tmcd", 4, &(-10i32).to_be_bytes()), 45), 35u32.to_be_bytes());
        // A day of drop-frame timecode, and one of all frames.
        assert_eq!(after(sample(b"tmcd", 3, &2_589_400u32.to_be_bytes()), 10), 2u32.to_be_bytes());
        assert_eq!(after(sample(b"tmcd", 2, &2_591_999u32.to_be_bytes()), 3), 2u32.to_be_bytes());
        // A tape counter, and what isn't timecode, say what they said.
        assert_eq!(after(sample(b"tmcd", 8, &[1, 2, 3, 4]), 45), [1, 2, 3, 4]);
        assert_eq!(after(sample(b"mebx", 0, &[1, 2, 3, 4]), 45), [1, 2, 3, 4]);
    }
}
