use reelwright_media::Result;

use crate::BitReader;

/// The channels a program config element counts (4.4.1.1): single elements are one channel, pairs two.
pub(super) fn channels(reader: &mut BitReader<'_>) -> Result<u16> {
    reader.skip(10)?; // element_instance_tag, object_type, sampling_frequency_index
    let mut positions = [0; 3];
    for count in &mut positions {
        *count = reader.bits(4)?;
    }
    let lfe = reader.bits(2)?;
    let data = reader.bits(3)?;
    let coupling = reader.bits(4)?;
    for bits in [4, 4, 3] {
        if reader.flag()? {
            reader.skip(bits)?; // mixdowns
        }
    }
    let mut channels = 0u16;
    for count in positions {
        for _ in 0..count {
            channels += if reader.flag()? { 2 } else { 1 };
            reader.skip(4)?;
        }
    }
    channels += lfe as u16;
    reader.skip(lfe as usize * 4 + data as usize * 4 + coupling as usize * 5)?;
    reader.align();
    let comment = reader.bits(8)? as usize;
    reader.skip(comment * 8)?;
    Ok(channels)
}
