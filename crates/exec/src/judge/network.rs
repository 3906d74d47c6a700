//! Did tests fail because there was no network?

/// What programs print when a name or an address cannot be reached, lowercase.
const SAYINGS: [&str; 16] = [
    "temporary failure in name resolution",
    "name or service not known",
    "nodename nor servname provided",
    "failed to resolve",
    "failed to lookup address information",
    "could not resolve host",
    "network is unreachable",
    "cannot assign requested address",
    "connection refused",
    "no route to host",
    "getaddrinfo enotfound",
    "getaddrinfo eai_again",
    "econnrefused",
    "enetunreach",
    "max retries exceeded with url",
    "dial tcp",
];

/// Returns what an output says about a missing network.
pub fn network_sentence(output: &[u8]) -> Option<&'static str> {
    let output = String::from_utf8_lossy(output).to_lowercase();
    SAYINGS.into_iter().find(|saying| output.contains(saying))
}

/// Returns true when most of what fails at the head does so for want of a network.
///
/// `failed` counts the tests that fail at the head, `output` is what the run
/// printed. Programs say it at least once for every test, so a single mention
/// among many failures proves nothing.
pub fn needs_network(failed: usize, output: &[u8]) -> bool {
    if failed == 0 {
        return false;
    }
    let output = String::from_utf8_lossy(output).to_lowercase();
    let mentions: usize = SAYINGS.iter().map(|saying| output.matches(saying).count()).sum();
    2 * mentions >= failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_resolved_asks_for_the_network() {
        let output = b"E   socket.gaierror: [Errno -3] Temporary failure in name resolution\n";
        assert!(needs_network(1, output));
        assert!(needs_network(2, output));
        assert!(!needs_network(9, output));
        assert_eq!(network_sentence(output), Some("temporary failure in name resolution"));
    }

    #[test]
    fn tests_that_fail_for_another_reason_do_not() {
        assert!(!needs_network(1, b"E   assert 1 == 2\n"));
        assert!(!needs_network(0, b"connection refused"));
    }
}
