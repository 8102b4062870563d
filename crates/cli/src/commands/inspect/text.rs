use reelwright::media::{Time, Timescale};

use super::rows::{Report, TrackRow};
use crate::progress::bytes;

impl Report {
    pub(super) fn text(&self, name: &str) -> String {
        let brand =
            self.major_brand.as_ref().map(|brand| format!(" '{}'", brand.trim_end())).unwrap_or_default();
        let fragmented = if self.fragmented { ", fragmented" } else { "" };
        let duration = Time::new(self.duration.value, Timescale::or_one(self.duration.timescale));
        let mut out =
            format!("{name}: {}{brand}{fragmented}, {duration}, {}\n", self.container, bytes(self.size));
        for track in &self.tracks {
            out += &format!("  {}\n", track.text());
        }
        for item in self.metadata.iter().filter(|item| item.value.is_string()) {
            let label = item.meaning.map_or(item.key.as_str(), |meaning| meaning);
            out += &format!("  {label}: {}\n", item.value.as_str().unwrap_or_default());
        }
        for chapter in &self.chapters {
            out += &format!("  chapter at {:.3} s: {}\n", chapter.start.seconds, chapter.title);
        }
        for warning in &self.warnings {
            out += &format!("  warning: {warning}\n");
        }
        out
    }
}

impl TrackRow {
    fn text(&self) -> String {
        let codec = self.rfc6381.as_ref().or(self.codec.as_ref()).map_or("no format", String::as_str);
        let mut parts = vec![self.codec_name.clone().unwrap_or_else(|| "?".into()), format!("({codec})")];
        if let Some(video) = &self.video {
            parts.push(format!("{}x{}", video.coded_width, video.coded_height));
            if video.rotation != 0 || video.mirrored {
                let mirrored = if video.mirrored { " mirrored" } else { "" };
                parts.push(format!("turned {}°{mirrored}", video.rotation));
            }
            if let Some(rate) = &video.average_frame_rate {
                let (num, den) = rate.split_once('/').unwrap_or((rate, "1"));
                let rate = num.parse::<f64>().unwrap_or(0.0) / den.parse::<f64>().unwrap_or(1.0);
                parts.push(format!("{} fps", (rate * 1000.0).round() / 1000.0));
            }
            if video.color.primaries != "unknown" {
                parts.push(format!(
                    "{}/{}/{}",
                    video.color.primaries, video.color.transfer, video.color.matrix
                ));
            }
        }
        if let Some(audio) = &self.audio {
            let layout =
                audio.channel_layout.clone().unwrap_or_else(|| format!("{} channels", audio.channels));
            parts.push(format!("{} Hz {layout}", audio.sample_rate));
        }
        if let Some(rate) = self.bit_rate {
            parts.push(format!("{} kbit/s", rate / 1000));
        }
        if self.language != "und" {
            parts.push(self.language.clone());
        }
        let disabled = if self.enabled { "" } else { ", disabled" };
        format!("track {} {}: {}{disabled}", self.id, self.kind, parts.join(" "))
    }
}
