use reelwright_media::{AudioBuffer, Channel, ChannelLayout, Error, Result};

/// Turns one channel layout into another by a matrix of gains.
///
/// Downmixing follows ITU-R BS.775: centre and surrounds go to left and right at -3 dB, LFE is left out, and the whole
/// is scaled so that no output exceeds full scale when every input is at it. Upmixing puts channels where they belong
/// and leaves the others silent; mono goes to left and right alike.
#[derive(Clone, Debug)]
pub struct Remix {
    to: ChannelLayout,
    /// One row per output channel, one gain per input channel.
    rows: Vec<Vec<f32>>,
}

const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;

impl Remix {
    /// The matrix from one layout to another.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] where a layout is empty.
    pub fn new(from: &ChannelLayout, to: &ChannelLayout) -> Result<Self> {
        if from.count() == 0 || to.count() == 0 {
            return Err(Error::unsupported("sound without channels can't be mixed"));
        }
        let mut rows = vec![vec![0.0; from.count()]; to.count()];
        for (column, channel) in from.channels().iter().enumerate() {
            for (target, gain) in destinations(*channel, column, from, to) {
                rows[target][column] += gain;
            }
        }
        let loudest = rows.iter().map(|row| row.iter().sum::<f32>()).fold(0.0, f32::max);
        if loudest > 1.0 {
            rows.iter_mut().flatten().for_each(|gain| *gain /= loudest);
        }
        Ok(Self { to: to.clone(), rows })
    }

    /// The gains: one row per output channel, one column per input channel.
    pub fn matrix(&self) -> &[Vec<f32>] {
        &self.rows
    }

    /// Mixes a buffer of the input layout.
    pub fn apply(&self, buffer: &AudioBuffer) -> AudioBuffer {
        let mix = |row: &Vec<f32>| {
            let mut out = vec![0.0; buffer.frames()];
            for (gain, plane) in row.iter().zip(buffer.planes()).filter(|(gain, _)| **gain != 0.0) {
                for (target, value) in out.iter_mut().zip(plane) {
                    *target += gain * value;
                }
            }
            out
        };
        AudioBuffer::new(buffer.sample_rate, self.to.clone(), buffer.pts, self.rows.iter().map(mix).collect())
    }
}

/// Where a channel goes and how loud.
fn destinations(
    channel: Channel,
    column: usize,
    from: &ChannelLayout,
    to: &ChannelLayout,
) -> Vec<(usize, f32)> {
    use Channel::*;
    if let Some(same) = to.position(channel).filter(|_| channel != Other) {
        return vec![(same, 1.0)];
    }
    // A channel that is all there is, whatever it is called.
    if from.count() == 1 && to.count() == 1 {
        return vec![(0, 1.0)];
    }
    let at = |wanted: Channel, gain: f32| to.position(wanted).map(|target| (target, gain));
    let pair = |left: Channel, right: Channel, gain: f32| -> Option<Vec<(usize, f32)>> {
        Some(vec![at(left, gain)?, at(right, gain)?])
    };
    let one = |wanted: Channel, gain: f32| at(wanted, gain).map(|target| vec![target]);
    if to.count() == 1 {
        // To mono: the stereo downmix, both sides halved.
        let gain = match channel {
            Lfe => 0.0,
            Left | Right => 0.5,
            _ => 0.5 * MINUS_3_DB,
        };
        return vec![(0, if channel == Center { MINUS_3_DB } else { gain })];
    }
    let mono = from.count() == 1;
    let found = match channel {
        Center => pair(Left, Right, if mono { 1.0 } else { MINUS_3_DB }),
        Lfe => Some(Vec::new()),
        SideLeft => one(BackLeft, 1.0).or_else(|| one(Left, MINUS_3_DB)),
        SideRight => one(BackRight, 1.0).or_else(|| one(Right, MINUS_3_DB)),
        BackLeft => one(SideLeft, 1.0).or_else(|| one(Left, MINUS_3_DB)),
        BackRight => one(SideRight, 1.0).or_else(|| one(Right, MINUS_3_DB)),
        BackCenter => pair(SideLeft, SideRight, MINUS_3_DB)
            .or_else(|| pair(BackLeft, BackRight, MINUS_3_DB))
            .or_else(|| pair(Left, Right, 0.5)),
        LeftCenter | TopFrontLeft => one(Left, MINUS_3_DB),
        RightCenter | TopFrontRight => one(Right, MINUS_3_DB),
        TopBackLeft => {
            one(SideLeft, MINUS_3_DB).or_else(|| one(BackLeft, MINUS_3_DB)).or_else(|| one(Left, 0.5))
        }
        TopBackRight => {
            one(SideRight, MINUS_3_DB).or_else(|| one(BackRight, MINUS_3_DB)).or_else(|| one(Right, 0.5))
        }
        _ => None,
    };
    // A channel without a position keeps its number where there is one.
    found.unwrap_or_else(|| if column < to.count() { vec![(column, 1.0)] } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use reelwright_media::{Time, Timescale};

    use super::*;

    #[test]
    fn surround_to_stereo_is_the_standard_matrix() {
        let remix = Remix::new(&ChannelLayout::surround_5_1(), &ChannelLayout::stereo()).unwrap();
        let scale = 1.0 / (1.0 + 2.0 * MINUS_3_DB);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
        let left = &remix.matrix()[0];
        assert!(near(left[0], scale) && near(left[1], 0.0) && near(left[2], scale * MINUS_3_DB));
        assert!(near(left[3], 0.0) && near(left[4], scale * MINUS_3_DB) && near(left[5], 0.0));
    }

    #[test]
    fn a_channel_alone_stays_as_loud_as_it_is() {
        for channel in [Channel::Left, Channel::Lfe, Channel::Other] {
            let remix = Remix::new(&ChannelLayout::new([channel]), &ChannelLayout::mono()).unwrap();
            assert_eq!(remix.matrix(), [[1.0]]);
        }
    }

    #[test]
    fn mono_and_stereo_turn_into_each_other() {
        let rate = Timescale::new(48_000).unwrap();
        let mono = AudioBuffer::new(rate, ChannelLayout::mono(), Time::ZERO, vec![vec![0.5; 4]]);
        let stereo = Remix::new(&ChannelLayout::mono(), &ChannelLayout::stereo()).unwrap().apply(&mono);
        assert_eq!(stereo.planes(), [vec![0.5; 4], vec![0.5; 4]]);
        let back = Remix::new(&ChannelLayout::stereo(), &ChannelLayout::mono()).unwrap().apply(&stereo);
        assert_eq!(back.planes(), [vec![0.5; 4]]);
    }
}
