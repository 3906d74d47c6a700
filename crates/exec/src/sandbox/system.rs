//! Which system does a job see?
//!
//! The programs and libraries of the host below `/usr`, fresh `/proc` and `/dev`,
//! and an `/etc` that is made up: without one `localhost` has no address and the
//! user no name. Only a job with the host's network gets its resolver and
//! certificates.

use std::fs;
use std::io;
use std::path::Path;

use backstory_model::Network;
use backstory_store::fs::write_file;

use crate::sandbox::flags::Flags;

/// Links (or folders, on older systems) beside `/usr`.
const BESIDE_USR: [&str; 5] = ["bin", "sbin", "lib", "lib64", "lib32"];

/// Files of the host's `/etc` that say where programs and libraries lie.
const FROM_HOST: [&str; 2] = ["alternatives", "ld.so.cache"];

/// Files of the host's `/etc` without which there is no way out.
const FROM_HOST_FOR_NETWORK: [&str; 4] = ["resolv.conf", "hosts", "ssl/certs", "ssl/openssl.cnf"];

/// Parts of `/proc` that turn knobs of the whole machine. A job that was started
/// by root is root to their owner check, with no capability at all, and bubblewrap
/// covers only folders that can be written themselves.
const KNOBS: [&str; 7] = ["sys", "sysrq-trigger", "acpi", "asound", "fs", "mtrr", "scsi"];

/// Made-up files.
const MADE_UP: [(&str, &str); 4] = [
    (
        "passwd",
        "user:x:1000:1000:user:/tmp/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
    ("group", "user:x:1000:\nnogroup:x:65534:\n"),
    ("hosts", "127.0.0.1 localhost backstory\n::1 localhost\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
];

/// Adds the flags that show the system; `staging` is where `/etc` is made.
pub fn add(flags: &mut Flags, staging: &Path, network: Network) -> io::Result<()> {
    flags.show(Path::new("/usr"), "/usr");
    for name in BESIDE_USR {
        let place = Path::new("/").join(name);
        match fs::read_link(&place) {
            Ok(content) => flags.link(&content, &place),
            Err(_) if place.is_dir() => flags.show(&place, &place),
            Err(_) => {}
        }
    }
    flags.words(&["--proc", "/proc", "--dev", "/dev"]);
    for place in KNOBS.map(|name| Path::new("/proc").join(name)) {
        if place.exists() {
            flags.show(&place, &place);
        }
    }
    let etc = staging.join("etc");
    fs::create_dir(&etc)?;
    for (name, text) in MADE_UP {
        write_file(&etc.join(name), text.as_bytes()).map_err(io::Error::other)?;
    }
    flags.bind(&etc, "/etc");
    let of_network: &[&str] = if network == Network::Host { &FROM_HOST_FOR_NETWORK } else { &[] };
    for name in FROM_HOST.iter().chain(of_network) {
        let place = Path::new("/etc").join(name);
        if place.exists() {
            flags.show(&place, &place);
        }
    }
    flags.words(&["--remount-ro", "/etc"]);
    Ok(())
}
