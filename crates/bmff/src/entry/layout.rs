//! Channel layouts: Core Audio's `chan` and ISO's `chnl`.

use reelwright_media::{Channel, ChannelLayout, ErrorKind, Result};

use crate::{Reader, Writer};
use Channel::{
    BackCenter, BackLeft, BackRight, Center, Left, LeftCenter, Lfe, Other, Right, RightCenter, SideLeft,
    SideRight, TopBackLeft, TopBackRight, TopFrontLeft, TopFrontRight,
};

/// Layout tags of Core Audio without their channel count, and the order they stand for (CoreAudioTypes,
/// `AudioChannelLayoutTag`). Where an order has several tags the first is written.
const TAGS: &[(u16, &[Channel])] = &[
    (100, &[Center]),
    (101, &[Left, Right]),
    (102, &[Left, Right]),
    (103, &[Left, Right]),
    (106, &[Left, Right]),
    (113, &[Left, Right, Center]),
    (114, &[Center, Left, Right]),
    (115, &[Left, Right, Center, BackCenter]),
    (116, &[Center, Left, Right, BackCenter]),
    (117, &[Left, Right, Center, SideLeft, SideRight]),
    (118, &[Left, Right, SideLeft, SideRight, Center]),
    (119, &[Left, Center, Right, SideLeft, SideRight]),
    (120, &[Center, Left, Right, SideLeft, SideRight]),
    (121, &[Left, Right, Center, Lfe, SideLeft, SideRight]),
    (122, &[Left, Right, SideLeft, SideRight, Center, Lfe]),
    (123, &[Left, Center, Right, SideLeft, SideRight, Lfe]),
    (124, &[Center, Left, Right, SideLeft, SideRight, Lfe]),
    (125, &[Left, Right, Center, Lfe, SideLeft, SideRight, BackCenter]),
    (126, &[Left, Right, Center, Lfe, SideLeft, SideRight, LeftCenter, RightCenter]),
    (127, &[Center, LeftCenter, RightCenter, Left, Right, SideLeft, SideRight, Lfe]),
    (128, &[Left, Right, Center, Lfe, SideLeft, SideRight, BackLeft, BackRight]),
    (131, &[Left, Right, BackCenter]),
    (132, &[Left, Right, SideLeft, SideRight]),
    (133, &[Left, Right, Lfe]),
    (134, &[Left, Right, Lfe, BackCenter]),
    (135, &[Left, Right, Lfe, SideLeft, SideRight]),
    (136, &[Left, Right, Center, Lfe]),
    (137, &[Left, Right, Center, Lfe, BackCenter]),
    (138, &[Left, Right, SideLeft, SideRight, Lfe]),
    (139, &[Left, Right, SideLeft, SideRight, Center, BackCenter]),
    (140, &[Left, Right, SideLeft, SideRight, Center, BackLeft, BackRight]),
    (141, &[Center, Left, Right, SideLeft, SideRight, BackCenter]),
    (142, &[Center, Left, Right, SideLeft, SideRight, BackCenter, Lfe]),
    (143, &[Center, Left, Right, SideLeft, SideRight, BackLeft, BackRight]),
    (183, &[Center, Left, Right, SideLeft, SideRight, BackLeft, BackRight, Lfe]),
];

/// Channel labels of Core Audio; bit n of its channel bitmap stands for label n + 1.
const LABELS: &[(u32, Channel)] = &[
    (1, Left),
    (2, Right),
    (3, Center),
    (4, Lfe),
    (5, SideLeft),
    (6, SideRight),
    (7, LeftCenter),
    (8, RightCenter),
    (9, BackCenter),
    (13, TopFrontLeft),
    (15, TopFrontRight),
    (16, TopBackLeft),
    (18, TopBackRight),
    (33, BackLeft),
    (34, BackRight),
    (42, Center),
    // Surrounds that are fed directly, the second bass, both halves of a matrixed or binaural pair.
    (10, SideLeft),
    (11, SideRight),
    (37, Lfe),
    (38, Left),
    (39, Right),
    (301, Left),
    (302, Right),
];

/// Loudspeaker positions of ISO/IEC 23091-3, table 6 (`OutputChannelPosition`).
const POSITIONS: &[(u8, Channel)] = &[
    (0, Left),
    (1, Right),
    (2, Center),
    (3, Lfe),
    (4, SideLeft),
    (5, SideRight),
    (6, LeftCenter),
    (7, RightCenter),
    (8, BackLeft),
    (9, BackRight),
    (10, BackCenter),
    (13, SideLeft),
    (14, SideRight),
    (17, TopFrontLeft),
    (18, TopFrontRight),
    (20, TopBackLeft),
    (21, TopBackRight),
];

/// Layouts of ISO/IEC 23091-3, table 10 (`ChannelConfiguration`).
const CONFIGURATIONS: &[(u8, &[Channel])] = &[
    (1, &[Center]),
    (2, &[Left, Right]),
    (3, &[Center, Left, Right]),
    (4, &[Center, Left, Right, BackCenter]),
    (5, &[Center, Left, Right, SideLeft, SideRight]),
    (6, &[Center, Left, Right, SideLeft, SideRight, Lfe]),
    (7, &[Center, LeftCenter, RightCenter, Left, Right, SideLeft, SideRight, Lfe]),
    (9, &[Left, Right, BackCenter]),
    (10, &[Left, Right, SideLeft, SideRight]),
    (11, &[Center, Left, Right, SideLeft, SideRight, BackCenter, Lfe]),
    (12, &[Center, Left, Right, SideLeft, SideRight, BackLeft, BackRight, Lfe]),
    (14, &[Center, Left, Right, SideLeft, SideRight, Lfe, TopFrontLeft, TopFrontRight]),
];

/// Reads the body of `chan` (QuickTime File Format, "Audio Channel Layout Extension"); `None` where it states none.
pub(super) fn read_chan(r: &mut Reader<'_>, channels: u32) -> Result<Option<ChannelLayout>> {
    r.version_and_flags()?;
    let (tag, bitmap, stated) = (r.u32()?, r.u32()?, r.u32()?);
    let order: Vec<Channel> = match tag {
        0 => {
            let mut order = Vec::new();
            for _ in 0..stated.min(channels) {
                let label = r.u32()?;
                r.skip(16)?;
                order.push(from_label(label));
            }
            order
        }
        0x1_0000 => (0..32).filter(|bit| bitmap >> bit & 1 == 1).map(|bit| from_label(bit + 1)).collect(),
        _ => {
            let (name, count) = (tag >> 16, tag & 0xFFFF);
            let known =
                TAGS.iter().find(|(tag, order)| u32::from(*tag) == name && order.len() as u32 == count);
            known.map_or(Vec::new(), |(_, order)| order.to_vec())
        }
    };
    let complete = !order.is_empty() && order.len() as u32 == channels;
    Ok(complete.then(|| ChannelLayout::new(order)))
}

fn from_label(label: u32) -> Channel {
    LABELS.iter().find(|(known, _)| *known == label).map_or(Other, |(_, channel)| *channel)
}

/// Writes the box `chan` for channels stored in the order of `layout`.
pub(super) fn write_chan(w: &mut Writer, layout: &ChannelLayout) {
    let order = layout.channels();
    let tag = TAGS.iter().find(|(_, known)| *known == order);
    w.full_box(b"chan", 0, 0, |w| match tag {
        Some((tag, _)) => {
            w.u16(*tag);
            w.u16(u16::try_from(order.len()).unwrap_or(0));
            w.u32(0);
            w.u32(0);
        }
        None => {
            w.u32(0);
            w.u32(0);
            w.u32(u32::try_from(order.len()).unwrap_or(0));
            for channel in order {
                // 0xFFFFFFFF: unknown.
                let label = LABELS.iter().find(|(_, known)| known == channel);
                w.u32(label.map_or(u32::MAX, |(label, _)| *label));
                w.zeros(16);
            }
        }
    });
}

/// Writes the box `chan` for AAC of `channels` channels, by the order in which AAC codes them.
pub(super) fn write_aac_chan(w: &mut Writer, channels: u16) {
    let order: &[Channel] = match channels {
        1 => &[Center],
        2 => &[Left, Right],
        3 => &[Center, Left, Right],
        4 => &[Center, Left, Right, BackCenter],
        5 => &[Center, Left, Right, SideLeft, SideRight],
        6 => &[Center, Left, Right, SideLeft, SideRight, Lfe],
        8 => &[Center, LeftCenter, RightCenter, Left, Right, SideLeft, SideRight, Lfe],
        _ => return,
    };
    write_chan(w, &ChannelLayout::new(order));
}

/// Reads the body of `chnl` (ISO/IEC 14496-12, 12.2.4); `None` where it states no layout of `channels` channels.
pub(super) fn read_chnl(r: &mut Reader<'_>, channels: u32) -> Result<Option<ChannelLayout>> {
    let (version, _) = r.version_and_flags()?;
    if version > 1 {
        return Err(r.error(ErrorKind::Unsupported, format!("chnl of version {version}")));
    }
    let structure = if version == 0 { r.u8()? } else { r.u8()? >> 4 };
    if version == 1 {
        r.skip(1)?;
    }
    if structure & 1 == 0 {
        return Ok(None);
    }
    let order: Vec<Channel> = match r.u8()? {
        0 => {
            let count = if version == 0 { channels } else { r.u8()?.into() };
            let mut order = Vec::new();
            for _ in 0..count {
                let position = r.u8()?;
                if position == 126 {
                    r.skip(3)?;
                }
                let known = POSITIONS.iter().find(|(known, _)| *known == position);
                order.push(known.map_or(Other, |(_, channel)| *channel));
            }
            order
        }
        configuration => {
            let known = CONFIGURATIONS.iter().find(|(known, _)| *known == configuration);
            known.map_or(Vec::new(), |(_, order)| order.to_vec())
        }
    };
    let complete = !order.is_empty() && order.len() as u32 == channels;
    Ok(complete.then(|| ChannelLayout::new(order)))
}

/// Writes the box `chnl` for channels stored in the order of `layout`; a position ISO has no number for is written as
/// unknown (127).
pub(super) fn write_chnl(w: &mut Writer, layout: &ChannelLayout) {
    let order = layout.channels();
    w.full_box(b"chnl", 0, 0, |w| {
        w.u8(1);
        if let Some((configuration, _)) = CONFIGURATIONS.iter().find(|(_, known)| *known == order) {
            w.u8(*configuration);
            w.u64(0);
            return;
        }
        w.u8(0);
        for channel in order {
            let position = POSITIONS.iter().find(|(_, known)| known == channel);
            w.u8(position.map_or(127, |(position, _)| *position));
        }
    });
}
