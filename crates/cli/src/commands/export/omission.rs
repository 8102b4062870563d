use reelwright::media::{Omission, Time};
use serde::Serialize;

/// What is lost, as plan and report say it in JSON.
#[derive(Serialize)]
pub(super) struct OmissionRow<'a> {
    track: Option<u32>,
    what: &'static str,
    count: Option<u64>,
    from: Option<f64>,
    to: Option<f64>,
    reason: &'a str,
    text: String,
}

impl<'a> OmissionRow<'a> {
    pub(super) fn new(omission: &'a Omission) -> Self {
        let seconds = |time: Time| time.to_seconds_lossy();
        let until = omission.range.filter(|range| !range.is_empty());
        Self {
            track: omission.track,
            what: omission.what.name(),
            count: omission.what.count(),
            from: omission.range.map(|range| seconds(range.start)),
            to: until.map(|range| seconds(range.end())),
            reason: &omission.reason,
            text: omission.to_string(),
        }
    }
}
