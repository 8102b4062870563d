/// A loudspeaker position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// Front left.
    Left,
    /// Front right.
    Right,
    /// Front centre; also the only channel of mono.
    Center,
    /// Low-frequency effects.
    Lfe,
    /// Side left ("left surround" of 5.1).
    SideLeft,
    /// Side right ("right surround" of 5.1).
    SideRight,
    /// Back left ("rear surround left" of 7.1).
    BackLeft,
    /// Back right ("rear surround right" of 7.1).
    BackRight,
    /// Back centre.
    BackCenter,
    /// Front left of centre.
    LeftCenter,
    /// Front right of centre.
    RightCenter,
    /// Top front left.
    TopFrontLeft,
    /// Top front right.
    TopFrontRight,
    /// Top back left.
    TopBackLeft,
    /// Top back right.
    TopBackRight,
    /// Any other position, or none.
    Other,
}

/// Which channel is which, in the order they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelLayout {
    channels: Vec<Channel>,
}

impl ChannelLayout {
    /// Channels in the order they are stored.
    pub fn new(channels: impl Into<Vec<Channel>>) -> Self {
        Self { channels: channels.into() }
    }

    /// One channel.
    pub fn mono() -> Self {
        Self::new([Channel::Center])
    }

    /// Left, right.
    pub fn stereo() -> Self {
        Self::new([Channel::Left, Channel::Right])
    }

    /// Left, right, centre, LFE, side left, side right: the order of WAVE files and of decoded buffers here.
    pub fn surround_5_1() -> Self {
        use Channel::*;
        Self::new([Left, Right, Center, Lfe, SideLeft, SideRight])
    }

    /// The usual meaning of `count` channels without a stated layout, in WAVE order; `None` beyond 8 and for 0.
    pub fn default_for(count: u16) -> Option<Self> {
        use Channel::*;
        Some(match count {
            1 => Self::mono(),
            2 => Self::stereo(),
            3 => Self::new([Left, Right, Center]),
            4 => Self::new([Left, Right, Center, BackCenter]),
            5 => Self::new([Left, Right, Center, SideLeft, SideRight]),
            6 => Self::surround_5_1(),
            7 => Self::new([Left, Right, Center, Lfe, BackCenter, SideLeft, SideRight]),
            8 => Self::new([Left, Right, Center, Lfe, BackLeft, BackRight, SideLeft, SideRight]),
            _ => return None,
        })
    }

    /// The channels in the order they are stored.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.channels.len()
    }

    /// Where `channel` stands.
    pub fn position(&self, channel: Channel) -> Option<usize> {
        self.channels.iter().position(|&other| other == channel)
    }

    /// A name people know: mono, stereo, 5.1, ..., or the count.
    pub fn name(&self) -> String {
        let has = |channel| self.position(channel).is_some();
        match (self.count(), has(Channel::Lfe)) {
            (1, _) => "mono".into(),
            (2, false) if has(Channel::Left) && has(Channel::Right) => "stereo".into(),
            (count, true) => format!("{}.1", count - 1),
            (count, false) => format!("{count}.0"),
        }
    }
}
