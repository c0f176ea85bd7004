//! Where webhooks may go. Networks of our own are allowed, since this runs on premises; what hands out the secrets of a
//! machine to whoever asks is not.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::error::AppError;

const URL_LETTERS_MAX: usize = 2000;

/// Addresses that clouds answer with a machine's secrets, outside the link-local range.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// The beginnings of networks, 32 bits long, whose every address belongs to such a service.
const METADATA_NETWORKS: [[u16; 2]; 2] = [[0xfd00, 0x0ec2], [0xfd20, 0x00ce]];

/// Checks a URL before it is saved.
///
/// # Errors
///
/// Says what was expected.
pub fn check_url(text: &str) -> Result<Url, AppError> {
    let refuse = |message: &str| AppError::field("url", format!("{message}; expected something like https://example.com/quarterhour"));
    if text.len() > URL_LETTERS_MAX {
        return Err(refuse("too long"));
    }
    let url = Url::parse(text.trim()).map_err(|_| refuse("no web address"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refuse("neither https nor http"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it holds a name or password, which would stand in logs"));
    }
    match url.host() {
        None => return Err(refuse("no host")),
        Some(Host::Domain(name)) if is_metadata_name(name) => return Err(refuse("this host hands out the secrets of a machine")),
        Some(Host::Domain(_)) => {}
        Some(Host::Ipv4(address)) => check_address(IpAddr::V4(address)).map_err(|message| refuse(&message))?,
        Some(Host::Ipv6(address)) => check_address(IpAddr::V6(address)).map_err(|message| refuse(&message))?,
    }
    Ok(url)
}

fn is_metadata_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    matches!(name.as_str(), "metadata" | "metadata.google.internal" | "instance-data" | "metadata.azure.com")
}

/// Checks an address that a name led to, just before it is called.
///
/// # Errors
///
/// Says what is wrong with it.
pub fn check_address(address: IpAddr) -> Result<(), String> {
    let address = unwrapped(address);
    let link_local = match address {
        IpAddr::V4(it) => it.is_link_local(),
        IpAddr::V6(it) => {
            let [first, second, ..] = it.segments();
            first & 0xffc0 == 0xfe80 || METADATA_NETWORKS.contains(&[first, second])
        }
    };
    if link_local || METADATA.contains(&address) {
        return Err(format!("{address} is an address of the machine's own network, where secrets are handed out"));
    }
    let broadcast = matches!(address, IpAddr::V4(it) if it.is_broadcast() || it.octets()[0] == 0);
    if address.is_unspecified() || address.is_multicast() || broadcast {
        return Err(format!("{address} is no address of one machine"));
    }
    Ok(())
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 or 6to4.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(one, two, three, four))
    };
    match [a, b, c, d, e, f] {
        [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0, 0, 0, 0, 0, 0] if g != 0 => v4(g, h),
        [0x2002, high, low, ..] => v4(high, low),
        _ => IpAddr::V6(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_hand_out_secrets_are_refused_in_every_writing() {
        for wrong in [
            "http://169.254.169.254/latest",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[fd00:ec2::254]/",
            "http://[fd00:ec2::23]/",
            "http://[fd20:ce::254]/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://metadata.google.internal/",
            "http://METADATA.google.internal./",
            "http://0.0.0.0/",
            "http://255.255.255.255/",
            "http://user:secret@example.com/",
            "http://user@example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "example.com",
            "",
        ] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_of_the_own_network_are_allowed() {
        for right in [
            "https://example.com/hook?a=1",
            "http://10.0.0.5:8080/",
            "http://localhost:9000/x",
            "http://[::1]:9000/",
            "http://[fd12::5]/",
        ] {
            assert!(check_url(right).is_ok(), "{right}");
        }
    }
}
