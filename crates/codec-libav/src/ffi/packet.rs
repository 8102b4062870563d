use std::ffi::c_int;
use std::ptr::NonNull;

use bytes::Bytes;
use reelwright_media::{Error, ErrorKind, Result};

use super::{failure, sys};

/// Compressed bytes with times, in libavcodec's keeping.
pub(crate) struct Packet(NonNull<sys::AVPacket>);

// Sound: a packet has no ties to a thread; only its owner touches it.
unsafe impl Send for Packet {}

impl Packet {
    /// An empty packet.
    pub(crate) fn new() -> Result<Self> {
        // Sound: allocates; null means no memory.
        let packet = unsafe { sys::av_packet_alloc() };
        NonNull::new(packet).map(Self).ok_or_else(|| Error::new(ErrorKind::Limit, "no memory for a packet"))
    }

    /// Fills it with a copy of `bytes`, padded as decoders need it, and with times in ticks.
    pub(crate) fn fill(&mut self, bytes: &[u8], pts: i64, dts: i64, duration: i64, sync: bool) -> Result<()> {
        let size = c_int::try_from(bytes.len())
            .map_err(|_| Error::new(ErrorKind::Limit, format!("a packet of {} bytes", bytes.len())))?;
        // Sound: the packet is ours; av_new_packet gives it `size` bytes (and the padding), which are then written.
        unsafe {
            let packet = self.0.as_ptr();
            sys::av_packet_unref(packet);
            let code = sys::av_new_packet(packet, size);
            if code < 0 {
                return Err(failure(ErrorKind::Limit, "no memory for a packet", code));
            }
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), (*packet).data, bytes.len());
            (*packet).pts = pts;
            (*packet).dts = dts;
            (*packet).duration = duration;
            (*packet).flags = if sync { sys::AV_PKT_FLAG_KEY } else { 0 };
        }
        Ok(())
    }

    pub(super) fn as_ptr(&self) -> *mut sys::AVPacket {
        self.0.as_ptr()
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // Sound: data and size describe memory the packet owns while it is borrowed.
        unsafe {
            let packet = self.0.as_ref();
            match usize::try_from(packet.size) {
                Ok(size) if size > 0 && !packet.data.is_null() => {
                    std::slice::from_raw_parts(packet.data, size)
                }
                _ => &[],
            }
        }
    }

    /// The bytes for good, without a copy; the packet is empty afterwards.
    pub(crate) fn take_bytes(&mut self) -> Result<Bytes> {
        let mut taken = Self::new()?;
        std::mem::swap(self, &mut taken);
        Ok(Bytes::from_owner(Owned(taken)))
    }

    /// When it is shown, in ticks, where known.
    pub(crate) fn pts(&self) -> Option<i64> {
        // Sound: plain fields of a packet that is ours.
        known(unsafe { self.0.as_ref() }.pts)
    }

    /// When it is decoded, in ticks, where known.
    pub(crate) fn dts(&self) -> Option<i64> {
        // Sound: as above.
        known(unsafe { self.0.as_ref() }.dts)
    }

    /// How long it lasts, in ticks; 0 where unknown.
    pub(crate) fn duration(&self) -> i64 {
        // Sound: as above.
        unsafe { self.0.as_ref() }.duration
    }

    /// Whether decoding can start with it.
    pub(crate) fn is_key(&self) -> bool {
        // Sound: as above.
        unsafe { self.0.as_ref() }.flags & sys::AV_PKT_FLAG_KEY != 0
    }

    /// Whether no other packet depends on it.
    pub(crate) fn is_disposable(&self) -> bool {
        // Sound: as above.
        unsafe { self.0.as_ref() }.flags & sys::AV_PKT_FLAG_DISPOSABLE != 0
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        let mut packet = self.0.as_ptr();
        // Sound: the packet is ours and nobody uses it after this.
        unsafe { sys::av_packet_free(&raw mut packet) };
    }
}

fn known(ticks: i64) -> Option<i64> {
    (ticks != sys::AV_NOPTS_VALUE).then_some(ticks)
}

/// A packet that only lends its bytes.
struct Owned(Packet);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}
