use std::sync::Arc;

use reelwright_media::FormatDescription;

/// What the packets of a table are: mostly one format for all, else one for each stretch of them.
#[derive(Clone, Debug)]
pub(crate) struct Formats {
    /// In the order in which they come first.
    all: Vec<Arc<FormatDescription>>,
    /// The first packet of each stretch, and which format it has; the first stretch begins with packet 0.
    stretches: Vec<(usize, usize)>,
}

impl Formats {
    /// One for all.
    pub(crate) fn one(format: Arc<FormatDescription>) -> Self {
        Self { all: vec![format], stretches: vec![(0, 0)] }
    }

    /// From `packet` on, which is not before the last change, packets are `format`.
    pub(crate) fn change(&mut self, packet: usize, format: &Arc<FormatDescription>) {
        let known = self.all.iter().position(|other| Arc::ptr_eq(other, format) || other == format);
        let index = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(format.clone());
        }
        if self.stretches.last().is_some_and(|(_, last)| *last == index) {
            return;
        }
        self.stretches.push((packet, index));
    }

    /// All of them, the first first.
    pub(crate) fn all(&self) -> &[Arc<FormatDescription>] {
        &self.all
    }

    /// What the first packets are.
    pub(crate) fn first(&self) -> &Arc<FormatDescription> {
        &self.all[0]
    }

    /// What `packet` is.
    pub(crate) fn of(&self, packet: usize) -> &Arc<FormatDescription> {
        let after = self.stretches.partition_point(|(first, _)| *first <= packet);
        let index = after.checked_sub(1).map_or(0, |stretch| self.stretches[stretch].1);
        &self.all[index]
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{AudioCodec, AudioFormat, FourCc};

    use super::*;

    #[test]
    fn stretches_have_formats() {
        let format = |rate| {
            let format = AudioFormat::new(AudioCodec::Mp3, FourCc::new(b".mp3"), rate, 1);
            Arc::new(FormatDescription::Audio(format))
        };
        let mut formats = Formats::one(format(48_000));
        for (packet, rate) in [(3, 48_000), (5, 44_100), (9, 48_000)] {
            formats.change(packet, &format(rate));
        }
        assert_eq!(formats.all(), [format(48_000), format(44_100)]);
        let rates = [0, 4, 5, 8, 9, 100].map(|packet| formats.of(packet).as_audio().unwrap().sample_rate);
        assert_eq!(rates, [48_000, 48_000, 44_100, 44_100, 48_000, 48_000]);
    }
}
