//! Loopback addresses that no other test process uses.
//!
//! A port that is free now may be taken before the program under test binds it, and a program that is started again needs
//! the same one. So each test process has an IP address of its own in 127.0.0.0/8, made from its process id, and hands out
//! ports below the range that the kernel gives to outgoing connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

/// Hands out loopback addresses.
#[derive(Debug, Clone, Copy)]
pub struct Loopback {
    ip: Ipv4Addr,
}

impl Loopback {
    /// The loopback address of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { ip: ip_of(process::id()) }
    }

    /// The IP address that all its ports are on.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        IpAddr::V4(self.ip)
    }

    /// An address that is free for TCP and for UDP and is handed out once only.
    ///
    /// # Errors
    /// When all ports of the range are used up.
    pub fn free(self) -> Result<SocketAddr> {
        loop {
            let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
            if !(PORT_MIN..PORT_MAX).contains(&port) {
                bail!("all ports from {PORT_MIN} to {PORT_MAX} of {} are used up", self.ip);
            }
            let address = SocketAddr::from((self.ip, port));
            if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
                return Ok(address);
            }
        }
    }
}

/// Process ids have at most 22 bits on Linux: 127.64.0.0 to 127.127.255.255, one address each.
fn ip_of(process: u32) -> Ipv4Addr {
    let [_, high, middle, low] = process.to_be_bytes();
    Ipv4Addr::new(127, 64 | (high & 63), middle, low)
}

static NEXT_PORT: AtomicU16 = AtomicU16::new(PORT_MIN);
const PORT_MIN: u16 = 20_000;
/// Linux gives outgoing connections ports from 32768 on.
const PORT_MAX: u16 = 32_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_own_loopback_address() {
        #[rustfmt::skip]
        let cases = [
            (1,         [127,  64,   0,   1]),
            (65_536,    [127,  65,   0,   0]),
            (4_194_303, [127, 127, 255, 255]),
        ];
        for (process, ip) in cases {
            assert_eq!(ip_of(process), Ipv4Addr::from(ip));
        }
    }

    #[test]
    fn an_address_is_handed_out_once_and_can_be_bound() {
        let loopback = Loopback::of_this_process();
        let (first, second) = (loopback.free().unwrap(), loopback.free().unwrap());
        assert_ne!(first, second);
        assert!(first.ip().is_loopback());
        TcpListener::bind(first).unwrap();
        UdpSocket::bind(first).unwrap();
    }
}
